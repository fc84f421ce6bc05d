import type { Finding } from './checker.js';
import { NOTHING_FOUND, worst } from './wechat-finding.js';

/** Pieces of one check that are asked about at once. */
const AT_ONCE = 4;

/**
 * The worst of what `judge` finds in all pieces. One that is to be blocked decides alone, and ends the rest; one that
 * fails begins no more of them, and fails all unless another one is to be blocked.
 * @throws what `judge` throws; the signal's reason when it is aborted.
 */
export async function judgeAll(contents: readonly string[], judge: (content: string, signal: AbortSignal) => Promise<Finding>, signal: AbortSignal): Promise<Finding> {
  const rest = new AbortController();
  const each = AbortSignal.any([signal, rest.signal]);
  const waiting = [...contents];
  const failures: unknown[] = [];
  let found: Finding | undefined;
  const judgeNext = async (): Promise<void> => {
    for (let content = waiting.shift(); content !== undefined; content = waiting.shift()) {
      try {
        const judged = await judge(content, each);
        // Compared after the wait: another piece may have been found worse meanwhile.
        found = found === undefined ? judged : worst(found, judged);
      } catch (error) {
        failures.push(error);
      }
      if (failures.length > 0 || found?.suggests === 'block') waiting.length = 0;
      if (found?.suggests === 'block') rest.abort();
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, contents.length) }, judgeNext));
  signal.throwIfAborted();
  if (found?.suggests === 'block' || failures.length === 0) return found ?? NOTHING_FOUND;
  throw failures[0] instanceof Error ? failures[0] : new Error('a piece could not be judged', { cause: failures[0] });
}
