import type { Position } from '../../upstream/index.js';
import type { StreamFrame } from './run-event.js';

/** How often a waiting client is told its place, when its turn is near. */
const EVERY_MS = 2_000;
/** One whose turn is far is told less often: a tenth of its wait, within this. The place of ten thousand costs Redis something. */
const RARELY_MS = 30_000;

/** How a waiting client is told its place. */
export interface QueuedOptions {
  /** Which of the run's frames ends the telling: the first that is kept, unless told. */
  readonly isOver?: (frame: StreamFrame) => boolean;
  readonly everyMs?: number;
}

/**
 * Puts `queued` frames before a run's own, as long as it waits: the first place at once, then each change of it.
 * The first frame for which `isOver` holds ends that.
 * @param first undefined where it does not wait yet. @param ask where the run stands now; undefined when it does not wait (any more).
 */
export async function* withQueuedFrames(
  first: Position | undefined, ask: () => Promise<Position | undefined>, frames: AsyncGenerator<readonly StreamFrame[]>, { isOver = isKept, everyMs = EVERY_MS }: QueuedOptions = {},
): AsyncGenerator<readonly StreamFrame[]> {
  try {
    if (first !== undefined) yield [{ type: 'queued', ...first }];
    let told = first?.position;
    let pauseMs = first === undefined ? everyMs : pauseOf(first, everyMs);
    let pending = frames.next();
    for (;;) {
      const next = await within(pending, pauseMs);
      if (next !== 'late') {
        if (next.done) return;
        yield next.value;
        if (next.value.some(isOver)) break;
        pending = frames.next();
        continue;
      }
      const place = await ask().catch(() => undefined);
      if (place !== undefined) pauseMs = pauseOf(place, everyMs);
      if (place !== undefined && place.position !== told) {
        told = place.position;
        yield [{ type: 'queued', ...place }];
      }
    }
    yield* frames;
  } finally {
    await frames.return(undefined);
  }
}

/** The run speaks. That it was `started` says less: it may be given back to the queue before its first word. */
export function hasWords(frame: StreamFrame): boolean {
  return isKept(frame) && frame.type !== 'started';
}

function isKept(frame: StreamFrame): boolean {
  return 'seq' in frame;
}

function pauseOf({ etaMs }: Position, everyMs: number): number {
  return Math.max(everyMs, Math.min(RARELY_MS, etaMs / 10));
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([promise, new Promise<'late'>((resolve) => { timer = setTimeout(() => resolve('late'), ms); })]);
  } finally {
    clearTimeout(timer);
  }
}
