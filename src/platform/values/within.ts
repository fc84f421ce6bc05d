import { delay } from './clock.js';

/** What `work` gives, if it does so within `ms`; else what `late` gives. The work itself goes on. */
export async function within<T>(ms: number, work: Promise<T>, late: () => T): Promise<T> {
  const done = new AbortController();
  try {
    return await Promise.race([work, delay(ms, done.signal).then(late)]);
  } finally {
    done.abort();
  }
}
