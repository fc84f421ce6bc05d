import type { CodeFilter } from '../../moderation/index.js';
import { pieces, type StreamFrame } from './run-event.js';

type Delta = Extract<StreamFrame, { type: 'delta' }>;

/**
 * A run's frames for a client that may not show code. Each keeps its seq, and what of the words stands under which seq
 * does not depend on how frames came together; so a client that comes back gets the rest. A delta waits for the next
 * frame: where that is the end, what was still held back of a line goes with it. What is longer than a delta may be
 * goes in several under one seq.
 * @param frames from the first one on. @param after the last seq that the client has.
 */
export async function* framesWithoutCode(frames: AsyncIterable<readonly StreamFrame[]>, filter: CodeFilter, after: number): AsyncGenerator<readonly StreamFrame[]> {
  let waiting: Delta | undefined;
  const release = (rest: string): readonly Delta[] => {
    const delta = waiting;
    waiting = undefined;
    return delta === undefined ? [] : pieces(delta.content + rest).map((content) => ({ ...delta, content }));
  };
  const shown = (frame: StreamFrame): readonly StreamFrame[] => {
    switch (frame.type) {
      case 'delta': {
        const before = release('');
        waiting = { ...frame, content: filter.push(frame.content) };
        return before;
      }
      case 'recall':
      case 'done':
      case 'error':
        return [...release(filter.end()), frame];
      case 'broken':
        return [...release(''), frame];
      default:
        return [frame];
    }
  };
  for await (const batch of frames) {
    const wanted = batch.flatMap(shown).filter((frame) => !('seq' in frame) || frame.seq > after);
    if (wanted.length > 0) yield wanted;
  }
}
