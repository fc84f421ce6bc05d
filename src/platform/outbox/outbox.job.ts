import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { systemContext, systemPlatformContext } from '../context/index.js';
import { Database } from '../database/index.js';
import { Rounds } from '../lifecycle/index.js';
import { Bus } from '../redis/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../telemetry/index.js';
import { newId, within } from '../values/index.js';
import { pauseAfter, type Fact, type StoredFact } from './fact.js';
import { COMMITTED, NotYet, Outbox, type Handler } from './outbox.js';
import { OutboxRepository } from './outbox.repository.js';

const EVERY_MS = 2_000;
/** Until a subscriber is told again whose time had not come; the round after that does it. */
const NOT_YET_MS = 1_000;
/** Delivered at once by this process. */
const BATCH = 20;
/** A subscriber that takes longer is told again. */
const HANDLER_MS = 30_000;
/** Nobody else takes a fact for so long; longer than any delivery. */
const LEASE_MS = 2 * HANDLER_MS;
/** How long a delivered fact can still be looked at. */
const KEPT_MS = 24 * 3_600_000;
const SWEEP_MS = 600_000;
const SWEEP_BATCH = 1_000;

type Told = 'had' | 'not_yet' | 'failed';

/** Hands facts to their subscribers, on every worker: each fact is taken by one of them, each subscriber called for itself, so that one that fails keeps neither the others nor other facts. */
@Injectable()
export class OutboxJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly deliveries: Rounds;
  private readonly sweeps: Rounds;

  constructor(
    private readonly database: Database,
    private readonly repository: OutboxRepository,
    private readonly outbox: Outbox,
    private readonly bus: Bus,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.deliveries = new Rounds({ everyMs: EVERY_MS, firstMs: 0, work: () => this.deliver(), logger, fault: 'facts could not be delivered' });
    this.sweeps = new Rounds({ everyMs: SWEEP_MS, firstMs: SWEEP_MS / 10, work: () => this.sweep(), logger, fault: 'delivered facts could not be removed' });
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.bus.subscribe(COMMITTED, () => this.deliveries.soon());
    this.metrics.beforeRead(() => this.measure());
    this.deliveries.begin();
    this.sweeps.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.deliveries.end(), this.sweeps.end()]);
  }

  private async deliver(): Promise<void> {
    const { kinds } = this.outbox;
    for (let taken = BATCH; taken === BATCH && kinds.length > 0 && !this.deliveries.stopping.aborted;) {
      const due = await this.database.inPlatform(systemPlatformContext('outbox', newId()), (tx) => this.repository.takeDue(tx, kinds, BATCH, LEASE_MS));
      // One whose outcome could not be written is found again when its lease is over.
      const turns = await Promise.allSettled(due.map((fact) => this.turn(fact)));
      for (const turn of turns) if (turn.status === 'rejected') this.logger.warn(errorFields(turn.reason), 'the delivery of a fact could not be noted');
      taken = due.length;
    }
  }

  private async turn(fact: StoredFact): Promise<void> {
    const waiting = [...this.outbox.of(fact.kind)].filter(([name]) => !fact.handled.includes(name));
    const told = await Promise.all(waiting.map(async ([name, handler]) => ({ name, outcome: await this.tell(fact, name, handler) })));
    const handled = told.flatMap(({ name, outcome }) => (outcome === 'had' ? [name] : []));
    const some = (wanted: Told): boolean => told.some(({ outcome }) => outcome === wanted);
    const attempts = some('failed') ? fact.attempts : fact.attempts - 1;
    await this.database.inPlatform(systemPlatformContext('outbox', fact.id), (tx) =>
      handled.length === waiting.length ? this.repository.delivered(tx, fact, handled) : this.repository.postponed(tx, fact, handled, attempts, some('not_yet') ? NOT_YET_MS : pauseAfter(attempts)),
    );
  }

  private async tell({ tenantId, id, kind, body, attempts }: StoredFact, name: string, handler: Handler<Fact>): Promise<Told> {
    try {
      const telling = handler(systemContext(tenantId, name, id), { ...body, kind }, id);
      await within(HANDLER_MS, telling, () => { throw new Error('the subscriber takes too long'); });
      return 'had';
    } catch (error) {
      if (error instanceof NotYet) return 'not_yet';
      this.metrics.factFailures.inc({ subscriber: name });
      this.logger.warn({ tenant: tenantId, fact: id, kind, subscriber: name, attempts, ...errorFields(error) }, 'a fact could not be taken');
      return 'failed';
    }
  }

  private async sweep(): Promise<void> {
    for (let removed = SWEEP_BATCH; removed === SWEEP_BATCH && !this.sweeps.stopping.aborted;) {
      removed = await this.database.inPlatform(systemPlatformContext('outbox', newId()), (tx) => this.repository.removeDelivered(tx, KEPT_MS, SWEEP_BATCH));
    }
  }

  private async measure(): Promise<void> {
    const counts = await this.database.inPlatform(systemPlatformContext('outbox', newId()), (tx) => this.repository.undelivered(tx));
    this.metrics.factsUndelivered.reset();
    for (const kind of this.outbox.kinds) this.metrics.factsUndelivered.set({ kind }, 0);
    for (const { kind, count } of counts) this.metrics.factsUndelivered.set({ kind }, count);
  }
}
