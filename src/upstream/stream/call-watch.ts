import type { UpstreamUsage } from './delta.js';
import type { UpstreamFailure } from './failure.js';

/** Sees a call's facts as they come, for whoever keeps the books of its channel. */
export interface CallWatch {
  /** The upstream accepted the call; header names are in lower case. */
  headers(headers: Readonly<Record<string, string | string[] | undefined>>): void;
  usage(usage: UpstreamUsage): void;
  /** The answer ended as it should. */
  whole(): void;
  /** It ended otherwise, after its first words. */
  broke(failure: UpstreamFailure): void;
}
