import type { CallReport, Lease } from '../admission/lease.js';
import type { Channel } from '../channels/channel.js';
import { judge, type Judgement } from '../channels/judgement.js';
import type { CallWatch } from '../stream/call-watch.js';
import type { DeltaBatch, UpstreamUsage } from '../stream/delta.js';
import { UpstreamFailure } from '../stream/failure.js';
import { readRemaining } from '../stream/remaining.js';
import type { UpstreamRequest } from '../stream/request.js';
import type { CallDesk, HedgeEnd } from './call-desk.js';

/** Told to a call whose rival was faster. Made once: an error's stack costs more than the rest of the abort. */
const LOST = new Error('another call was faster');

/** One call to one channel under a lease of its own; its books are closed once, whatever comes. */
export class ChannelCall {
  private usage: UpstreamUsage | undefined;
  private whole = false;
  private broke: Judgement | undefined;
  private settled = false;
  private startedAt: number | undefined;
  private spoke = false;
  private readonly losing = new AbortController();
  /** What its failure means for the run; undefined as long as it has not failed. */
  again: Judgement['again'] | undefined;

  /** @param onEnd told once what became of it, where it is a second call. */
  constructor(private readonly desk: CallDesk, private readonly lease: Lease, readonly channel: Channel, private onEnd?: (end: HedgeEnd) => void) {}

  /** Whether its books are closed. */
  get over(): boolean {
    return this.settled;
  }

  /**
   * @param mayLose whether `lose` may be called: costs a signal.
   * @throws UpstreamFailure, after which the books are closed; the signal's reason when it was aborted.
   */
  async open(request: UpstreamRequest, signal: AbortSignal, mayLose: boolean): Promise<AsyncIterable<DeltaBatch>> {
    this.startedAt = performance.now();
    try {
      const stream = await this.desk.connect(this.channel, request, mayLose ? AbortSignal.any([signal, this.losing.signal]) : signal, this.watch());
      this.timed();
      // A channel on probation is trusted again with its first words: not with its headers, which one that hangs sends too, nor only after a long answer's last.
      if (this.lease.probe && !this.settled) this.desk.settle(this.lease, { verdict: 'well' });
      return stream;
    } catch (error) {
      if (error instanceof UpstreamFailure) this.fail(error);
      throw error;
    }
  }

  /** It was faster than the other. */
  win(): void {
    this.ended('won');
  }

  /** Another call was faster: aborts it. What it booked stays booked, since the upstream counted it when it came. */
  lose(): void {
    if (this.settled) return;
    this.timed();
    if (this.startedAt !== undefined) this.desk.outrun(this.channel);
    this.losing.abort(LOST);
    this.ended('lost');
    this.close({ release: 'call' });
  }

  /** It was never made. */
  giveBack(): void {
    this.ended('unused');
    this.close({ release: 'call', sent: false });
  }

  /** Its run is over. */
  finish(): void {
    const { usage, whole, broke } = this;
    this.close({
      release: 'run',
      ...(this.startedAt === undefined ? { sent: false as const } : {}),
      ...(usage === undefined ? {} : { tokens: usage.promptTokens + usage.completionTokens }),
      ...(whole ? { verdict: 'well' as const } : broke === undefined ? {} : told(broke)),
      ...(whole && usage !== undefined ? { answer: usage.completionTokens } : {}),
    });
  }

  private fail(failure: UpstreamFailure): void {
    const judgement = judge(failure, this.channel.kind);
    this.again = judgement.again;
    this.ended('failed');
    if (this.settled) return;
    this.close({
      release: 'call',
      ...(judgement.unsent ? { sent: false as const } : {}),
      ...told(judgement),
    });
    this.desk.failed(this.channel, failure, judgement);
  }

  private close(report: CallReport): void {
    if (this.settled) return;
    this.settled = true;
    this.desk.settle(this.lease, report);
  }

  private ended(end: HedgeEnd): void {
    this.onEnd?.(end);
    this.onEnd = undefined;
  }

  private timed(): void {
    if (this.spoke || this.startedAt === undefined) return;
    this.spoke = true;
    this.desk.spoke(this.channel, performance.now() - this.startedAt);
  }

  private watch(): CallWatch {
    const { channel, lease } = this;
    return {
      headers: (headers) => {
        if (this.settled) return;
        const remaining = channel.limits.requestsPerMinute === undefined && channel.limits.tokensPerMinute === undefined ? undefined : readRemaining(headers);
        if (remaining !== undefined) this.desk.settle(lease, { remaining });
      },
      usage: (usage) => { this.usage = usage; },
      whole: () => { this.whole = true; },
      broke: (failure) => { this.broke = judge(failure, channel.kind); },
    };
  }
}

/** What a failure tells the gate of its channel. */
function told({ sick, blockedMs }: Judgement): Pick<CallReport, 'verdict' | 'blockedMs'> {
  return { ...(sick ? { verdict: 'badly' as const } : {}), ...(blockedMs === undefined ? {} : { blockedMs: Math.ceil(blockedMs) }) };
}
