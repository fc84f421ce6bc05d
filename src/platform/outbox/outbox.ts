import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../context/index.js';
import type { TenantTx } from '../database/index.js';
import { Bus } from '../redis/index.js';
import { LOGGER, errorFields, type Logger } from '../telemetry/index.js';
import { newId } from '../values/index.js';
import type { Fact, FactClass } from './fact.js';
import { OutboxRepository } from './outbox.repository.js';

/** Tells workers that facts were committed. Its loss costs the pause between two rounds. */
export const COMMITTED = 'outbox.committed';

/** What a subscriber throws whose time has not come: it is told again in a second or two, as often as it says so, and nobody counts that as a failure. */
export class NotYet extends Error {
  override readonly name = 'NotYet';
}

/** What a subscriber does with a fact, in the fact's tenant. May be called again for the same `id`, also while an earlier call is still at it: twice must be the same as once. */
export type Handler<F extends Fact> = (ctx: RequestContext, fact: F, id: string) => Promise<void>;

/**
 * Down is a call, up is a fact: how a room tells the rooms above what happened. A fact is written in the transaction of
 * the change, and told to each subscriber at least once afterwards, by one worker or another, in no promised order.
 */
@Injectable()
export class Outbox {
  private readonly subscribers = new Map<string, Map<string, Handler<Fact>>>();

  constructor(private readonly repository: OutboxRepository, private readonly bus: Bus, @Inject(LOGGER) private readonly logger: Logger) {}

  /** Writes a fact with the caller's transaction. After its commit `nudge` may follow. */
  async publish(tx: TenantTx, fact: Fact): Promise<void> {
    await this.repository.insert(tx, newId(), fact);
  }

  /** After a commit: its facts are delivered now and not in the next round. Never rejects. */
  async nudge(): Promise<void> {
    await this.bus.publish(COMMITTED, '').catch((error: unknown) => this.logger.debug(errorFields(error), 'the outbox waits for its next round'));
  }

  /**
   * At module start, in every process that has workers. A handler that throws is called again, later and later; one that throws `NotYet`, soon.
   * @param name the same for ever: it says which facts this subscriber has had.
   */
  subscribe<F extends Fact>(type: FactClass<F>, name: string, handler: Handler<F>): void {
    const others = this.subscribers.get(type.kind) ?? new Map<string, Handler<Fact>>();
    if (others.has(name)) throw new Error(`${type.kind} has two subscribers named ${name}`);
    // What is delivered under a kind was published as that kind.
    this.subscribers.set(type.kind, others.set(name, handler as unknown as Handler<Fact>));
  }

  /** Kinds of facts that somebody here subscribes to. */
  get kinds(): readonly string[] {
    return [...this.subscribers.keys()];
  }

  /** Who subscribes to a kind, by name. */
  of(kind: string): ReadonlyMap<string, Handler<Fact>> {
    return this.subscribers.get(kind) ?? new Map();
  }
}
