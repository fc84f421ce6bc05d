import { delay } from '../../platform/values/index.js';
import type { Lease } from '../admission/lease.js';
import type { Channel } from '../channels/channel.js';
import { upstreamCost, type Expense } from '../channels/upstream-cost.js';
import type { DeltaBatch } from '../stream/delta.js';
import { UpstreamFailure } from '../stream/failure.js';
import type { UpstreamRequest } from '../stream/request.js';
import type { CallDesk, HedgeEnd } from './call-desk.js';
import { ChannelCall } from './channel-call.js';
import { rivalsOf } from './hedges.js';
import { race } from './race.js';

/** Channels asked for one answer. */
const CHANNELS = 16;
/** Calls of one channel for one answer. */
const CALLS_OF_CHANNEL = 3;
/** Calls of one answer beyond the first one of each channel: no channel is left unasked because others were asked twice. */
const REPEATS = 6;
const BACKOFF_MS = 200;
const BACKOFF_CAP_MS = 5_000;
/** How long an answer waits for a channel after its first call failed. One that was not asked yet and has room needs no waiting, and is asked even later. */
const PATIENCE_MS = 15_000;
/** Room may come before the predicted time: another call ends. */
const ASK_MS = 250;

interface Admitted {
  readonly lease: Lease;
  readonly channel: Channel;
}

interface Failed {
  readonly channel: Channel;
  readonly failure: UpstreamFailure;
}

/**
 * One answer's calls: the first on the channel that admission chose; after a failure before the first words on
 * another, or the same a little later, each admitted anew; and beside one that is late, where its channel is set so, a
 * second one. Never another call after the first words: it would tell other words.
 */
export class GrantedCall {
  private readonly calls = new Map<string, number>();
  private made = 0;
  private givenUp: number | undefined;
  /** Until then no channel is asked again. */
  private restedAt = 0;
  /** Not used yet. */
  private lease: Lease | undefined;
  private current: ChannelCall | undefined;
  private rival: ChannelCall | undefined;
  private answering: { readonly channel: Channel; readonly model: string } | undefined;
  private closed = false;

  constructor(private readonly desk: CallDesk, lease: Lease | undefined, private readonly random: () => number = Math.random) {
    this.lease = lease;
  }

  /** @throws UpstreamFailure of the last call, when none went well in time; the signal's reason when it was aborted. */
  async open(request: UpstreamRequest, signal: AbortSignal): Promise<AsyncIterable<DeltaBatch>> {
    for (let last: Failed | undefined; ; ) {
      const { lease, channel } = await this.admitted(last?.failure, signal);
      if (last !== undefined) this.desk.retried(last.channel, last.failure);
      this.lease = undefined;
      const call = this.begin(lease, channel);
      this.current = call;
      try {
        return await this.answered(call, request, signal);
      } catch (failure) {
        if (!(failure instanceof UpstreamFailure)) throw failure;
        if (call.again === 'never' || this.rival?.again === 'never') throw failure;
        const failedAt = performance.now();
        if (last === undefined) this.givenUp = failedAt + PATIENCE_MS;
        last = { channel, failure };
        this.restedAt = failedAt + this.random() * Math.min(BACKOFF_CAP_MS, BACKOFF_MS * 2 ** this.made);
      }
    }
  }

  /** What the answer costs at its upstream; undefined when no channel began one. */
  expense(usage: Parameters<typeof upstreamCost>[1]): Expense | undefined {
    if (this.answering === undefined) return undefined;
    const { channel, model } = this.answering;
    return { channelId: channel.id, microCny: upstreamCost(channel.models.find((each) => each.model === model)?.price, usage) };
  }

  /** Closes the books; the run is over, or another worker's from now on. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (this.rival !== this.current) this.rival?.lose();
    if (this.lease !== undefined) return this.desk.settle(this.lease, { release: 'run', sent: false });
    // Where its last call was settled when it failed, only the run's place among its user's is left.
    if (this.current === undefined || this.current.over) return this.desk.leave();
    this.current.finish();
  }

  private begin(lease: Lease, channel: Channel, onEnd?: (end: HedgeEnd) => void): ChannelCall {
    this.made += 1;
    this.calls.set(channel.id, (this.calls.get(channel.id) ?? 0) + 1);
    return new ChannelCall(this.desk, lease, channel, onEnd);
  }

  private async answered(call: ChannelCall, request: UpstreamRequest, signal: AbortSignal): Promise<AsyncIterable<DeltaBatch>> {
    const lateMs = this.rival === undefined ? this.desk.lateAfter(call.channel) : undefined;
    const opened = lateMs === undefined ? { call, stream: await call.open(request, signal, false) } : await race(call, lateMs, () => this.second(call.channel), request, signal);
    if (opened.call === this.rival) this.rival.win();
    this.current = opened.call;
    this.answering = { channel: opened.call.channel, model: request.model };
    return opened.stream;
  }

  /** The second call beside a late one, not made yet: one for an answer. */
  private async second(late: Channel): Promise<ChannelCall | undefined> {
    const channels = rivalsOf(late, this.others());
    const lease = channels.length === 0 ? undefined : await this.desk.hedge(late, channels);
    const channel = channels.find(({ id }) => id === lease?.channelId);
    if (lease === undefined || channel === undefined) return undefined;
    this.rival = this.begin(lease, channel, (end) => this.desk.hedged(late, end));
    if (this.closed) this.rival.giveBack();
    return this.rival;
  }

  /** The lease at hand, good for this moment; else a new one, waited for as long as patience lasts. */
  private async admitted(last: UpstreamFailure | undefined, signal: AbortSignal): Promise<Admitted> {
    if (this.lease !== undefined) {
      const channel = this.desk.candidates().find((each) => each.id === this.lease?.channelId && each.state === 'active');
      const lease = channel === undefined ? undefined : await this.desk.depart(this.lease);
      if (channel !== undefined && lease !== undefined) {
        this.hold(lease);
        return { lease, channel };
      }
      if (channel === undefined) this.desk.settle(this.lease, { sent: false, release: 'call' });
      this.lease = undefined;
    }
    this.givenUp ??= performance.now() + PATIENCE_MS;
    for (;;) {
      signal.throwIfAborted();
      const free = await this.free();
      if (typeof free !== 'number') return free;
      if (free > this.timeLeft()) throw last ?? (free === Infinity ? new UpstreamFailure('connect') : new UpstreamFailure('rate_limited', undefined, free));
      await delay(Math.min(free, ASK_MS), signal);
    }
  }

  /** A lease of a channel that was not asked yet, else of one that had its rest; a number: ms until one may be there, Infinity where there is none to wait for. */
  private async free(): Promise<Admitted | number> {
    const other = await this.ask(this.others());
    if (typeof other !== 'number') return other;
    const again = this.again();
    if (again.length === 0) return other;
    const restMs = this.restedAt - performance.now();
    const rested = restMs > 0 ? restMs : await this.ask(again);
    return typeof rested === 'number' ? Math.min(other, rested) : rested;
  }

  private async ask(channels: readonly Channel[]): Promise<Admitted | number> {
    if (channels.length === 0) return Infinity;
    const lease = await this.desk.again(channels);
    if (typeof lease === 'number') return lease;
    this.hold(lease);
    const channel = channels.find(({ id }) => id === lease.channelId);
    if (channel === undefined) throw new Error('the gate chose a channel that it was not asked for');
    return { lease, channel };
  }

  /** @throws when the run ended while its lease was asked for: then it is given back. */
  private hold(lease: Lease): void {
    const given = this.lease;
    this.lease = lease;
    if (!this.closed) return;
    // One that needed no asking was settled with the run.
    if (lease !== given) this.desk.settle(lease, { release: 'run', sent: false });
    throw new Error('the run was over before its call');
  }

  private active(): readonly Channel[] {
    return this.desk.candidates().filter(({ state }) => state === 'active');
  }

  /** Those not asked yet. */
  private others(): readonly Channel[] {
    return this.calls.size >= CHANNELS ? [] : this.active().filter(({ id }) => !this.calls.has(id));
  }

  /** Those that failed, and may do better now. */
  private again(): readonly Channel[] {
    if (this.timeLeft() <= 0 || this.made - this.calls.size >= REPEATS) return [];
    return this.active().filter(({ id }) => this.calls.has(id) && (this.calls.get(id) ?? 0) < CALLS_OF_CHANNEL);
  }

  private timeLeft(): number {
    return (this.givenUp ?? Infinity) - performance.now();
  }
}
