import { delay } from '../../platform/values/index.js';
import { UpstreamFailure } from './failure.js';

/** Calls of one answer, the first included. */
const ATTEMPTS = 3;
const BASE_MS = 200;
const CAP_MS = 5_000;
/** A channel that asks for more patience than this is not waited for. */
const LONGEST_WAIT_MS = 15_000;

/**
 * Opens an upstream call, again where that may help: exponential backoff with full jitter, never earlier than the
 * upstream's `Retry-After`. Only for the time before the first token; afterwards a second call would repeat words.
 */
export async function openWithRetry<T>(open: () => Promise<T>, signal: AbortSignal, onRetry: (failure: UpstreamFailure) => void, random: () => number = Math.random): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof UpstreamFailure) || !error.retryable || attempt === ATTEMPTS) throw error;
      const asked = error.retryAfterMs ?? 0;
      if (asked > LONGEST_WAIT_MS) throw error;
      onRetry(error);
      await delay(asked + random() * Math.min(CAP_MS, BASE_MS * 2 ** attempt), signal);
    }
  }
}
