import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { now } from '../../platform/values/index.js';
import { AdmissionRepository, type HeldLease } from '../admission/admission.repository.js';
import { ranked, termsOf } from '../admission/channel-terms.js';
import { holderOf, type CallReport, type Lease } from '../admission/lease.js';
import { ChannelClients } from '../channels/channel-clients.service.js';
import { DEAD_KEY } from '../channels/channel-state.js';
import { ChannelDirectory } from '../channels/channel-directory.js';
import { ChannelRegistry } from '../channels/channel-registry.service.js';
import { channelLabel } from '../channels/channel-label.js';
import type { Channel } from '../channels/channel.js';
import type { Grant, GrantHandler } from './grant.js';
import type { CallDesk } from './call-desk.js';
import { GrantedCall } from './granted-call.js';
import { Hedges } from './hedges.js';
import { LeaseKeeper } from './lease-keeper.service.js';
import { Pump } from './pump.service.js';
import { tierLabel, type Ticket } from './ticket.js';

/** A lease so young is booked to the right moment. */
const FRESH_MS = 200;

/** How a run came into this process's hands. */
export interface Arrival {
  /** Where it was admitted here: when, on this process's monotonic clock. */
  readonly admittedAt?: number;
  /** How often the queue has handed it to a worker; absent: it did not lie there. */
  readonly attempt?: number;
}

/** Serves tickets whose turn has come, with the handler that chat registered. */
@Injectable()
export class Grants {
  private handler: GrantHandler | undefined;
  private readonly holds = new Map<string, AbortController>();
  private readonly hedges = new Hedges();
  /** Leases in hand, as the gauge counts them: a channel may be renamed or gone by the time they end. */
  private readonly counted = new Map<string, { readonly channel: string; readonly tier: string }>();

  constructor(
    private readonly gate: AdmissionRepository,
    private readonly directory: ChannelDirectory,
    private readonly clients: ChannelClients,
    private readonly registry: ChannelRegistry,
    private readonly keeper: LeaseKeeper,
    private readonly pump: Pump,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  register(handler: GrantHandler): void {
    this.handler = handler;
  }

  /** Whether runs may begin here, now. */
  get open(): boolean {
    return this.handler !== undefined && this.keeper.serving;
  }

  /** The queue gave this run to somebody else, or may have. */
  lose(runId: string): void {
    this.holds.get(runId)?.abort(new Error('the lock of the ticket was lost'));
  }

  /** Produces a run. The lease, where there is one, is used or given back. */
  async serve(ticket: Ticket, lease: Lease | undefined, arrival: Arrival = {}): Promise<'done' | 'hand_over'> {
    if (this.handler === undefined) throw new Error('no handler was registered');
    const hold = new AbortController();
    const waitedMs = Math.max(0, now() - ticket.submittedAt);
    this.metrics.queueWait.observe({ tier: tierLabel(ticket), channel: lease === undefined ? 'none' : this.nameOf(lease) }, waitedMs / 1000);
    this.metrics.activeRuns.inc();
    this.holds.set(ticket.runId, hold);
    const call = new GrantedCall(this.deskOf(ticket, arrival), lease);
    if (lease !== undefined) this.keep(ticket, lease, 'due');
    const grant: Grant = { runId: ticket.runId, tenantId: ticket.tenantId, waitedMs, lost: hold.signal, open: (request, signal) => call.open(request, signal), expense: (usage) => call.expense(usage) };
    try {
      return await this.handler(grant);
    } finally {
      call.close();
      // After a freeze this process may have been handed the run once more: then all this is the later one's.
      if (this.holds.get(ticket.runId) === hold) this.letGo(ticket.runId);
      this.metrics.activeRuns.dec();
    }
  }

  /** A run was taken back before its call was made: its place and its booking are free again. */
  giveBack(ticket: Ticket, lease: Lease): void {
    this.settle(ticket, lease, { release: 'run', sent: false });
  }

  private deskOf(ticket: Ticket, { admittedAt = -Infinity, attempt = 0 }: Arrival): CallDesk {
    return {
      candidates: () => this.directory.candidates(ticket.tenantId, ticket.model),
      connect: (channel, request, signal, watch) => {
        this.hedges.called(channel);
        return this.clients.open(channel, request, signal, watch);
      },
      depart: async (lease) => {
        const departed = performance.now() - admittedAt < FRESH_MS ? lease : await this.gate.depart(ticket.runId, lease, attempt);
        if (departed !== undefined) this.keeper.keep(heldOf(ticket, departed));
        return departed;
      },
      again: async (channels) => {
        const answer = await this.gate.again(ticket.runId, ranked(channels), ticket.tokens);
        if (typeof answer !== 'number') this.keep(ticket, answer);
        return answer;
      },
      settle: (lease, report) => this.settle(ticket, lease, report),
      leave: () => void this.gate.forget(ticket.runId, ticket.subjects).catch((error: unknown) => this.logger.debug({ run: ticket.runId, ...errorFields(error) }, 'a run could not leave the gate')),
      failed: (channel, failure, judgement) => {
        if (judgement.disable === 'key') this.keyDied(channel);
        if (failure.kind === 'not_found') this.directory.noteUnknown(channel, ticket.model);
        this.metrics.upstreamErrors.inc({ kind: failure.kind, channel: channelLabel(channel) });
        this.logger.warn({ run: ticket.runId, tenant: ticket.tenantId, channel: channel.id, kind: failure.kind, status: failure.status }, 'a call to a channel failed');
      },
      retried: (channel, failure) => this.metrics.upstreamRetries.inc({ kind: failure.kind, channel: channelLabel(channel) }),
      spoke: (channel, tookMs) => this.hedges.spoke(channel, ticket.model, tookMs),
      lateAfter: (channel) => this.hedges.lateAfter(channel, ticket.model),
      hedge: (late, channels) => this.hedge(ticket, late, channels),
      hedged: (late, end) => {
        this.hedges.end(late, end === 'unused');
        this.metrics.hedges.inc({ channel: channelLabel(late), event: end });
      },
      outrun: (channel) => this.metrics.outrunTokens.inc({ channel: channelLabel(channel) }, ticket.promptTokens ?? 0),
    };
  }

  /** A share that brings no call is given back. */
  private async hedge(ticket: Ticket, late: Channel, channels: readonly Channel[]): Promise<Lease | undefined> {
    if (!this.hedges.begin(late)) return undefined;
    const lease = await this.gate.hedge(ticket.runId, ranked(channels), ticket.tokens).catch(() => undefined);
    if (lease === undefined) {
      this.hedges.end(late, true);
      return undefined;
    }
    this.keep(ticket, lease);
    this.metrics.hedges.inc({ channel: channelLabel(late), event: 'started' });
    return lease;
  }

  private keep(ticket: Ticket, lease: Lease, call?: 'due'): void {
    this.keeper.keep({ ...heldOf(ticket, lease), ...(call === undefined ? {} : { call }) });
    const holder = holderOf(ticket.runId, lease);
    this.uncount(holder);
    const labels = { channel: this.nameOf(lease), tier: tierLabel(ticket) };
    this.counted.set(holder, labels);
    this.metrics.channelLeases.inc(labels);
  }

  /** One that ran out before it was used was never settled. */
  private letGo(runId: string): void {
    for (const held of [{}, { hedge: true as const }]) {
      this.keeper.drop(holderOf(runId, held));
      this.uncount(holderOf(runId, held));
    }
    this.holds.delete(runId);
  }

  private uncount(holder: string): void {
    const labels = this.counted.get(holder);
    if (labels !== undefined) this.metrics.channelLeases.dec(labels);
    this.counted.delete(holder);
  }

  private nameOf(lease: Lease): string {
    return channelLabel(this.directory.find(lease.channelId));
  }

  /** The alert is the log line and the metric; the channel stays away until a person enters a new key. */
  private keyDied(channel: Channel): void {
    this.registry.disable(channel.id, DEAD_KEY).then(
      (disabled) => {
        this.metrics.deadKeys.inc({ channel: channelLabel(channel) });
        this.logger.error({ channel: channel.id, name: channel.name, disabled }, 'a channel has a dead key');
      },
      (error: unknown) => this.logger.error({ channel: channel.id, ...errorFields(error) }, 'a channel with a dead key could not be disabled'),
    );
  }

  /** Nobody waits for the books: what Redis could not be told, the lease's end makes good. */
  private settle(ticket: Ticket, lease: Lease, report: CallReport): void {
    const channel = this.directory.find(lease.channelId) ?? goneChannel(lease.channelId, ticket.tenantId);
    const holder = holderOf(ticket.runId, lease);
    // A run's own goes on being renewed for its subjects' sake until the run is over; a second call's may even end after its run.
    if (report.release !== undefined && this.keeper.has(holder, lease.token)) {
      this.uncount(holder);
      if (report.release === 'run' || lease.hedge === true) this.keeper.drop(holder);
      else this.keeper.keep({ ...heldOf(ticket, lease), call: 'over' });
    }
    this.gate.settle(heldOf(ticket, lease), lease, termsOf(channel), ticket.model, report).then(
      (waiting) => { if (waiting && report.release !== undefined) this.pump.wake(0); },
      (error: unknown) => this.logger.debug({ run: ticket.runId, ...errorFields(error) }, 'a call could not be settled'),
    );
  }
}

function heldOf(ticket: Ticket, lease: Lease): HeldLease {
  return { run: ticket.runId, holder: holderOf(ticket.runId, lease), channel: lease.channelId, subjects: ticket.subjects, ...(lease.token === undefined ? {} : { token: lease.token }) };
}

/** Deleted while a call was under way: there is nothing left to keep books of but the lease. It may have been the tenant's own: what it says counts for nobody else. */
function goneChannel(id: string, tenantId: string): Pick<Channel, 'id' | 'tenantId' | 'limits' | 'priority' | 'weight' | 'state'> {
  return { id, tenantId, limits: {}, priority: 0, weight: 1, state: 'disabled' };
}
