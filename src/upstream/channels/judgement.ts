import type { UpstreamFailure } from '../stream/failure.js';
import type { ChannelKind } from './channel.js';

/** What a failed call means for its channel, and for the run that made it. */
export interface Judgement {
  /** `elsewhere`: another channel may do better, or this one a little later. `never`: the request itself is at fault. */
  readonly again: 'elsewhere' | 'never';
  /** Counts against the channel's health. */
  readonly sick: boolean;
  /** The call never reached the upstream, so it counts against no limit. */
  readonly unsent: boolean;
  /** The channel is not asked for so long. */
  readonly blockedMs: number | undefined;
  /** The channel is of no use until a person looks at it. */
  readonly disable: 'key' | undefined;
}

/** For an upstream that says "too many" and not how long. */
const BLOCKED_MS = 1_000;
/** An account without money is not asked every second. */
const QUOTA_BLOCKED_MS = 60_000;

/** Judges a failure before the first words. */
export function judge(failure: UpstreamFailure, kind: ChannelKind): Judgement {
  const base = { again: 'elsewhere' as const, sick: false, unsent: false, blockedMs: undefined, disable: undefined };
  switch (failure.kind) {
    case 'connect':
      return { ...base, sick: true, unsent: true };
    case 'timeout':
    case 'malformed':
    case 'cut':
      return { ...base, sick: true };
    case 'server':
      return { ...base, sick: true, blockedMs: failure.retryAfterMs };
    case 'rate_limited':
      // "Too many, again after 0 s" is no advice.
      return { ...base, blockedMs: failure.retryAfterMs === undefined || failure.retryAfterMs <= 0 ? BLOCKED_MS : failure.retryAfterMs };
    case 'quota':
      return { ...base, blockedMs: Math.max(QUOTA_BLOCKED_MS, failure.retryAfterMs ?? 0) };
    case 'key':
      return { ...base, sick: true, disable: 'key' };
    case 'not_found':
    case 'empty': // Were it a sickness, questions that ask for silence could take a channel away from everybody.
      return base;
    case 'context_length':
      // A model of our own is given a smaller context than its window, for the sake of memory.
      return kind === 'local' ? base : { ...base, again: 'never' };
    case 'refused':
    case 'content_policy':
      return { ...base, again: 'never' };
  }
}
