import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { now } from '../../platform/values/index.js';
import { TenantService, type QueueSettings } from '../../tenants/index.js';
import { AdmissionRepository, type QueueBounds } from '../admission/admission.repository.js';
import { ranked } from '../admission/channel-terms.js';
import { GateView } from '../admission/gate-view.js';
import type { Lease } from '../admission/lease.js';
import { ChannelDirectory } from '../channels/channel-directory.js';
import type { Channel } from '../channels/channel.js';
import { Grants } from './grants.service.js';
import { ownerOf, poolOf } from './pools.js';
import { Pump } from './pump.service.js';
import { Refusals } from './refusals.js';
import { RunQueue } from './run-queue.service.js';
import { subjectsOf } from './subjects.js';
import { FLOW_WEIGHTS, type Order, type Position, type Ticket, type Tier } from './ticket.js';

/** All tenants together may have so many times the tickets of one. */
const TENANTS_AT_THE_BOUND = 10;

/** Puts runs into the queue, or starts them where they stand when their turn is now. */
@Injectable()
export class Dispatcher {
  private readonly refusals = new Refusals();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly tenants: TenantService,
    private readonly directory: ChannelDirectory,
    private readonly gate: AdmissionRepository,
    private readonly view: GateView,
    private readonly queue: RunQueue,
    private readonly pump: Pump,
    private readonly grants: Grants,
  ) {}

  /**
   * Refuses before anything was stored what the queue would refuse.
   * @throws DomainError `queue_full` with the time until there should be room; `unavailable` when no channel serves the model.
   */
  checkRoom(ctx: RequestContext, model: string): void {
    if (this.directory.candidates(ctx.tenantId, model).length === 0) throw new DomainError('unavailable');
    const waitMs = this.refusals.remaining(askerOf(ctx, model));
    if (waitMs > 0) throw new DomainError('queue_full', { retryAfterMs: waitMs });
  }

  /**
   * Submitting twice is the same as once.
   * @throws DomainError `queue_full`, `rate_limited`, `unavailable`
   */
  async submit(ctx: RequestContext, order: Order): Promise<Position> {
    const candidates = this.directory.candidates(ctx.tenantId, order.model);
    if (candidates.length === 0) {
      // It may wait already: for channels that are gone.
      await this.gate.leave(order.runId);
      throw new DomainError('unavailable');
    }
    const settings = await this.tenants.settingsOf(ctx.tenantId);
    const subjects = subjectsOf(ctx, settings.queue);
    const ticket = this.ticketOf(ctx, order, candidates, settings.queue, subjects.map((subject) => subject.name));
    const entered = await this.gate.enter(ticket, ranked(candidates), this.boundsOf(ticket.tier), subjects);
    switch (entered.kind) {
      case 'admitted':
        await this.begin(ticket, entered.lease);
        return { position: 0, etaMs: 0 };
      case 'queued':
        this.pump.know(ticket.pool);
        this.pump.wake(0);
        return { position: entered.position, etaMs: entered.etaMs };
      case 'handed':
        return { position: 0, etaMs: 0 };
      case 'limited':
        throw new DomainError('rate_limited', { message: 'too many answers at once; wait for one to end', retryAfterMs: 1_000 });
      case 'full':
        this.refusals.note(askerOf(ctx, order.model), entered.retryMs);
        throw new DomainError('queue_full', { retryAfterMs: entered.retryMs });
    }
  }

  /** Where a run stands now; undefined when it does not wait (any more). */
  async place(tenantId: string, runId: string, model: string): Promise<Position | undefined> {
    return this.gate.place(runId, ranked(this.directory.candidates(tenantId, model)));
  }

  /** Which of these runs wait in the queue and are on their normal way. None, while anybody waits for channels that are gone: then each has to be looked at. */
  async waiting(runIds: readonly string[]): Promise<ReadonlySet<string>> {
    const { pools } = await this.gate.look();
    const stranded = pools.map(ownerOf).some(({ tenantId, model }) => this.directory.candidates(tenantId ?? '', model).length === 0);
    return stranded ? new Set() : this.gate.waiting(runIds);
  }

  /** @returns whether the run waited for its turn; then it does no more. */
  async leave(runId: string): Promise<boolean> {
    return this.gate.leave(runId);
  }

  /** Takes a run that no worker has begun out of the queue; one that was begun is left alone. What it was given leave for others may have at once. */
  async withdraw(runId: string): Promise<void> {
    if (await this.gate.leave(runId).catch(() => false)) return;
    const handed = await this.queue.withdraw(runId);
    if (handed?.lease !== undefined) this.grants.giveBack(handed.ticket, handed.lease);
  }

  /** Throws when the queue can't be reached. */
  async ping(): Promise<void> {
    await this.queue.waiting();
  }

  /** A run that was admitted at once, with nobody waiting, starts where it stands: what the queue's hop is for (its lock, its redelivery) its row, its log's heartbeat and the sweeper do. */
  private async begin(ticket: Ticket, lease: Lease): Promise<void> {
    if (!this.grants.open) return this.queue.hand([{ ticket, lease }]);
    this.grants.serve(ticket, lease, { admittedAt: performance.now() }).then(
      async (outcome) => { if (outcome === 'hand_over') await this.queue.hand([{ ticket }]); },
    ).catch((error: unknown) => this.logger.error({ run: ticket.runId, ...errorFields(error) }, 'a run was left to the sweeper'));
  }

  private ticketOf(ctx: RequestContext, order: Order, candidates: readonly Channel[], queue: QueueSettings, subjects: readonly string[]): Ticket {
    const tier = tierOf(ctx);
    const paid = order.paid ?? false;
    return {
      runId: order.runId,
      tenantId: ctx.tenantId,
      model: order.model,
      pool: poolOf(ctx.tenantId, order.model, candidates),
      flow: flowOf(ctx),
      tier,
      tokens: order.promptTokens + this.view.expectedAnswer(candidates.map((channel) => channel.tenantId), order.model, order.maxTokens),
      promptTokens: order.promptTokens,
      paid,
      tenantWeight: queue.weight,
      flowWeight: FLOW_WEIGHTS[tier] * (paid ? queue.paidWeight : queue.freeWeight),
      subjects,
      submittedAt: now(),
      waitMs: this.boundsOf(tier).waitMs,
    };
  }

  private boundsOf(tier: Tier): QueueBounds {
    const { maxQueued, longestWaitMs, longestBulkWaitMs } = this.config.runs;
    return { ofTenant: maxQueued, ofAll: maxQueued * TENANTS_AT_THE_BOUND, waitMs: tier === 'interactive' ? longestWaitMs : longestBulkWaitMs };
  }
}

function tierOf(ctx: RequestContext): Tier {
  return ctx.actor.kind === 'user' && ctx.actor.via === 'api_key' ? 'bulk' : 'interactive';
}

/** Whose turn it is among a tenant's own: more keys are no more turns. */
function flowOf({ actor }: RequestContext): string {
  if (actor.kind !== 'user') return 'system';
  return actor.via === 'api_key' ? `calls-${actor.userId}` : `user-${actor.userId}`;
}

/** Whom a refusal is for: another user of the tenant, or another tier, may have a shorter way. */
function askerOf(ctx: RequestContext, model: string): string {
  return [ctx.tenantId, tierOf(ctx), flowOf(ctx), model].join('/');
}
