import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { AdmissionRepository, type Pool } from '../admission/admission.repository.js';
import { ranked } from '../admission/channel-terms.js';
import { GateView } from '../admission/gate-view.js';
import { ChannelDirectory } from '../channels/channel-directory.js';
import { ownerOf } from './pools.js';
import { RunQueue } from './run-queue.service.js';
import { tierLabel } from './ticket.js';

/** Also without news every node looks after the queue so often. */
const LOOK_MS = 1_000;
/** Runs admitted by one step: a bound on how long Redis is held. */
const MOST = 32;

/**
 * Moves runs from the gate to the workers' queue as channels get room. Every node pumps; the step is atomic, so
 * several at once are harmless. Woken when a call ends, when somebody came, when a channel's pace allows the next.
 */
@Injectable()
export class Pump implements OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private dueAt = Infinity;
  private pumping = false;
  private stopped = false;
  private pools: readonly string[] = [];
  private lookedAt = -LOOK_MS;

  constructor(
    private readonly gate: AdmissionRepository,
    private readonly directory: ChannelDirectory,
    private readonly queue: RunQueue,
    private readonly view: GateView,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  start(): void {
    this.wake(0);
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** A pool of which this node should know from now on. */
  know(pool: string): void {
    if (!this.pools.includes(pool)) this.pools = [...this.pools, pool];
  }

  /** Pumps in at most `ms`. */
  wake(ms: number): void {
    const dueAt = performance.now() + ms;
    if (this.stopped || this.pumping || dueAt >= this.dueAt) {
      if (this.pumping) this.dueAt = Math.min(this.dueAt, dueAt);
      return;
    }
    clearTimeout(this.timer);
    this.dueAt = dueAt;
    this.timer = setTimeout(() => void this.pump(), ms);
    this.timer.unref();
  }

  private async pump(): Promise<void> {
    this.pumping = true;
    this.dueAt = Infinity;
    let next = LOOK_MS;
    try {
      if (performance.now() - this.lookedAt >= LOOK_MS) await this.look();
      if (this.pools.length > 0) next = Math.min(next, await this.admit());
    } catch (error) {
      this.logger.debug(errorFields(error), 'the queue could not be pumped');
    } finally {
      this.pumping = false;
      const asked = this.dueAt - performance.now();
      this.dueAt = Infinity;
      this.wake(Math.max(0, Math.min(next, asked)));
    }
  }

  private async look(): Promise<void> {
    const seen = await this.gate.look(this.view.takeAsked());
    this.lookedAt = performance.now();
    this.pools = seen.pools;
    this.view.update(seen.waiting, seen.answers, seen.own);
    this.metrics.queueDepth.set(seen.waiting);
  }

  /** @returns the ms after which it is worth asking again. */
  private async admit(): Promise<number> {
    for (;;) {
      const { waitMs, admitted } = await this.gate.admit(this.pools.map((name) => this.poolOf(name)), MOST);
      await this.queue.hand(admitted);
      for (const { ticket } of admitted) this.metrics.admitted.inc({ tier: tierLabel(ticket) });
      if (waitMs === undefined) this.pools = [];
      if (waitMs !== 0) return waitMs ?? LOOK_MS;
    }
  }

  private poolOf(name: string): Pool {
    const { tenantId, model } = ownerOf(name);
    return { name, channels: ranked(this.directory.candidates(tenantId ?? '', model)) };
  }
}
