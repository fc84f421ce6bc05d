import { delay } from '../../platform/values/index.js';
import type { CallReport, Lease } from '../admission/lease.js';
import type { Channel, ChannelModel } from '../channels/channel.js';
import { judge, type Judgement } from '../channels/judgement.js';
import { upstreamCost, type Expense } from '../channels/upstream-cost.js';
import type { CallWatch } from '../stream/call-watch.js';
import type { DeltaBatch, UpstreamUsage } from '../stream/delta.js';
import { UpstreamFailure } from '../stream/failure.js';
import { readRemaining } from '../stream/remaining.js';
import type { UpstreamRequest } from '../stream/request.js';

/** Calls of one answer, the first included. */
const CALLS = 6;
/** Calls of one channel for one answer. */
const CALLS_OF_CHANNEL = 3;
const BACKOFF_MS = 200;
const BACKOFF_CAP_MS = 5_000;
/** How long an answer looks for a channel after its first call failed. */
const PATIENCE_MS = 15_000;
/** Room may come before the predicted time: another call ends. */
const ASK_MS = 250;

/** What a call needs of the gate and of the channels. */
export interface CallDesk {
  /** The channels that may serve it, as they are now. */
  candidates(): readonly Channel[];
  connect(channel: Channel, request: UpstreamRequest, signal: AbortSignal, watch: CallWatch): Promise<AsyncIterable<DeltaBatch>>;
  depart(lease: Lease): Promise<Lease | undefined>;
  again(channels: readonly Channel[]): Promise<Lease | number>;
  settle(lease: Lease, report: CallReport): void;
  /** The run is over, and has no call to settle. */
  leave(): void;
  failed(channel: Channel, failure: UpstreamFailure, judgement: Judgement): void;
  retried(channel: Channel): void;
}

/**
 * One answer's calls: the first on the channel that admission chose; after a failure before the first words on
 * another, or the same a little later, each admitted anew. Never a second call after the first words: it would tell
 * other words.
 */
export class GrantedCall {
  private readonly calls = new Map<string, number>();
  private made = 0;
  private givenUp: number | undefined;
  private usage: UpstreamUsage | undefined;
  private end: 'whole' | 'broke' | undefined;
  private lease: Lease | undefined;
  private answering: { readonly channelId: string; readonly price: ChannelModel['price'] } | undefined;
  private closed = false;

  constructor(private readonly desk: CallDesk, lease: Lease | undefined, private readonly random: () => number = Math.random) {
    this.lease = lease;
  }

  /** @throws UpstreamFailure of the last call, when none went well in time; the signal's reason when it was aborted. */
  async open(request: UpstreamRequest, signal: AbortSignal): Promise<AsyncIterable<DeltaBatch>> {
    for (let last: UpstreamFailure | undefined; ; ) {
      const { lease, channel } = await this.admitted(last, signal);
      try {
        const answer = await this.call(lease, channel, request, signal);
        this.answering = { channelId: channel.id, price: channel.models.find((each) => each.model === request.model)?.price };
        return answer;
      } catch (error) {
        if (!(error instanceof UpstreamFailure)) throw error;
        last = error;
        if (this.judged(lease, channel, error) === 'never') throw error;
        this.givenUp ??= performance.now() + PATIENCE_MS;
        if (this.exhausted()) throw error;
        this.desk.retried(channel);
        if (this.others().length === 0) await delay(Math.min(this.timeLeft(), this.random() * Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** this.made)), signal);
      }
    }
  }

  /** What the answer costs at its upstream; undefined when no channel began one. */
  expense(usage: Parameters<typeof upstreamCost>[1]): Expense | undefined {
    return this.answering && { channelId: this.answering.channelId, microCny: upstreamCost(this.answering.price, usage) };
  }

  /** Closes the books; the run is over, or another worker's from now on. */
  close(): void {
    const { lease } = this;
    this.lease = undefined;
    if (this.closed) return;
    this.closed = true;
    // Its last call was settled when it failed: only the run's place among its user's is left.
    if (lease === undefined) return this.desk.leave();
    const usage = this.usage;
    this.desk.settle(lease, {
      release: 'run',
      ...(this.made === 0 ? { sent: false as const } : {}),
      ...(usage === undefined ? {} : { tokens: usage.promptTokens + usage.completionTokens }),
      ...(this.end === 'whole' ? { verdict: 'well' as const } : this.end === 'broke' ? { verdict: 'badly' as const } : {}),
      ...(this.end === 'whole' && usage !== undefined ? { answer: usage.completionTokens } : {}),
    });
  }

  private async call(lease: Lease, channel: Channel, request: UpstreamRequest, signal: AbortSignal): Promise<AsyncIterable<DeltaBatch>> {
    this.made += 1;
    this.calls.set(channel.id, (this.calls.get(channel.id) ?? 0) + 1);
    return this.desk.connect(channel, request, signal, {
      headers: (headers) => {
        const remaining = channel.limits.requestsPerMinute === undefined && channel.limits.tokensPerMinute === undefined ? undefined : readRemaining(headers);
        // A channel on probation is trusted again with its first words, not after a long answer's last.
        if (remaining !== undefined || lease.probe) this.desk.settle(lease, { ...(remaining === undefined ? {} : { remaining }), ...(lease.probe ? { verdict: 'well' as const } : {}) });
      },
      usage: (usage) => { this.usage = usage; },
      whole: () => { this.end = 'whole'; },
      broke: () => { this.end = 'broke'; },
    });
  }

  /** The lease at hand, good for this moment; else a new one, waited for as long as patience lasts. */
  private async admitted(last: UpstreamFailure | undefined, signal: AbortSignal): Promise<{ readonly lease: Lease; readonly channel: Channel }> {
    if (this.lease !== undefined) {
      const channel = this.desk.candidates().find((each) => each.id === this.lease?.channelId && each.state === 'active');
      const lease = channel === undefined ? undefined : await this.desk.depart(this.lease);
      if (channel !== undefined && lease !== undefined) {
        this.lease = lease;
        return { lease, channel };
      }
      if (channel === undefined) this.desk.settle(this.lease, { sent: false, release: 'call' });
      this.lease = undefined;
    }
    this.givenUp ??= performance.now() + PATIENCE_MS;
    for (;;) {
      signal.throwIfAborted();
      const others = this.others();
      const channels = others.length > 0 ? others : this.usable();
      if (channels.length === 0) throw last ?? new UpstreamFailure('connect');
      const answer = await this.desk.again(channels);
      if (typeof answer !== 'number') {
        this.lease = answer;
        const channel = channels.find((each) => each.id === answer.channelId);
        if (channel !== undefined) return { lease: answer, channel };
      } else if (answer > this.timeLeft()) {
        throw last ?? new UpstreamFailure('rate_limited', undefined, answer);
      } else {
        await delay(Math.min(answer, ASK_MS), signal);
      }
    }
  }

  private judged(lease: Lease, channel: Channel, failure: UpstreamFailure): 'elsewhere' | 'never' {
    const judgement = judge(failure, channel.kind);
    this.lease = undefined;
    this.desk.settle(lease, {
      release: 'call',
      ...(judgement.unsent ? { sent: false as const } : {}),
      ...(judgement.sick ? { verdict: 'badly' as const } : {}),
      ...(judgement.blockedMs === undefined ? {} : { blockedMs: Math.ceil(judgement.blockedMs) }),
    });
    this.desk.failed(channel, failure, judgement);
    return judgement.again;
  }

  private usable(): readonly Channel[] {
    return this.desk.candidates().filter((channel) => channel.state === 'active' && (this.calls.get(channel.id) ?? 0) < CALLS_OF_CHANNEL);
  }

  private others(): readonly Channel[] {
    return this.usable().filter((channel) => !this.calls.has(channel.id));
  }

  private exhausted(): boolean {
    return this.made >= CALLS || this.timeLeft() <= 0 || this.usable().length === 0;
  }

  private timeLeft(): number {
    return (this.givenUp ?? Infinity) - performance.now();
  }
}
