import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Bound of the whole wait, milliseconds. */
  readonly timeoutMs: number;
  /** Pause between two looks, milliseconds; 20 when absent. */
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Looks until `look` gives something other than undefined, and gives that.
 * Gives undefined when the time is over; throws the signal's reason on abort.
 */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>, options: WaitOptions): Promise<T | undefined> {
  const end = performance.now() + options.timeoutMs;
  for (;;) {
    options.signal?.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= end) return undefined;
    await sleep(options.everyMs ?? 20, undefined, options.signal ? { signal: options.signal } : {});
  }
}
