import type { CallReport, Lease } from '../admission/lease.js';
import type { Channel } from '../channels/channel.js';
import type { Judgement } from '../channels/judgement.js';
import type { CallWatch } from '../stream/call-watch.js';
import type { DeltaBatch } from '../stream/delta.js';
import type { UpstreamFailure } from '../stream/failure.js';
import type { UpstreamRequest } from '../stream/request.js';

/** What became of a second call; `unused`: it was not needed any more when it might have been made. */
export type HedgeEnd = 'won' | 'lost' | 'failed' | 'unused';

/** What the calls of an answer need of the gate and of the channels. */
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
  /** The answer goes on to another call after this failure. */
  retried(channel: Channel, failure: UpstreamFailure): void;
  /** A call's first words came after so many ms; or, given up by then, had not come. */
  spoke(channel: Channel, tookMs: number): void;
  /** After how many ms a call to this channel deserves a second one; undefined: never. */
  lateAfter(channel: Channel): number | undefined;
  /** Leave for a second call beside a late one, to one of these; undefined where there is none. Ended by `hedged`. */
  hedge(late: Channel, channels: readonly Channel[]): Promise<Lease | undefined>;
  hedged(late: Channel, end: HedgeEnd): void;
  /** A call that went out to this channel was given up for a faster one: its upstream may charge the prompt. */
  outrun(channel: Channel): void;
}
