import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DELTA_LIMIT, shownText, type StreamFrame } from './run-event.js';
import { framesWithoutCode } from './frames-without-code.js';

/** Withholds what stands in brackets, and holds back an open one. */
function brackets(): { push(chunk: string): string; end(): string } {
  let held = '';
  return {
    push(chunk) {
      const text = (held + chunk).replace(/\[[^\]]*\]/g, '#');
      const open = text.indexOf('[');
      held = open === -1 ? '' : text.slice(open);
      return open === -1 ? text : text.slice(0, open);
    },
    end: () => held,
  };
}

const done = (seq: number): StreamFrame => ({ type: 'done', seq, finishReason: 'stop', usage: { promptTokens: 1, completionTokens: 1 } });

/** One frame for each text, in batches of `size`. */
function framesOf(texts: readonly string[], size = 1): readonly (readonly StreamFrame[])[] {
  const frames: StreamFrame[] = [{ type: 'started', seq: 1 }, ...texts.map((content, at): StreamFrame => ({ type: 'delta', seq: at + 2, content })), done(texts.length + 2)];
  return Array.from({ length: Math.ceil(frames.length / size) }, (_, at) => frames.slice(at * size, (at + 1) * size));
}

async function* from<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}
async function read(batches: readonly (readonly StreamFrame[])[], after = 0): Promise<StreamFrame[]> {
  const frames: StreamFrame[] = [];
  for await (const batch of framesWithoutCode(from(batches), brackets(), after)) frames.push(...batch);
  return frames;
}

const texts = fc.array(fc.array(fc.constantFrom('a', '[', ']', '好'), { maxLength: 6 }).map((parts) => parts.join('')), { maxLength: 8 });

describe('framesWithoutCode', () => {
  it('shows what the filter shows of the whole, under the same numbers', async () => {
    await fc.assert(fc.asyncProperty(texts, fc.integer({ min: 1, max: 5 }), async (parts, size) => {
      const whole = brackets();
      const frames = await read(framesOf(parts, size));
      expect(shownText(frames)).toBe(whole.push(parts.join('')) + whole.end());
      expect(frames.map((frame) => ('seq' in frame ? frame.seq : 0))).toEqual(framesOf(parts).flat().map((frame) => ('seq' in frame ? frame.seq : 0)));
    }));
  });

  it('gives a client that comes back the rest, wherever it was cut', async () => {
    await fc.assert(fc.asyncProperty(texts, fc.integer({ min: 0, max: 10 }), fc.integer({ min: 1, max: 5 }), async (parts, cut, size) => {
      const all = await read(framesOf(parts));
      expect([...all.filter((frame) => 'seq' in frame && frame.seq <= cut), ...(await read(framesOf(parts, size), cut))]).toEqual(all);
    }));
  });

  it('cuts what grew too long for one delta', async () => {
    const frames = await read(framesOf([`[${'x'.repeat(DELTA_LIMIT - 1)}`, 'y'.repeat(DELTA_LIMIT)]));
    expect(shownText(frames)).toHaveLength(2 * DELTA_LIMIT);
    expect(frames.every((frame) => frame.type !== 'delta' || frame.content.length <= DELTA_LIMIT)).toBe(true);
  });

  it('passes on what is no word of the answer', async () => {
    const frames: StreamFrame[] = [{ type: 'delta', seq: 1, content: 'a[b' }, { type: 'heartbeat' }, { type: 'recall', seq: 2, fromSeq: 1, replace: 'r' }, done(3)];
    expect(await read([frames])).toEqual([{ type: 'heartbeat' }, { type: 'delta', seq: 1, content: 'a[b' }, ...frames.slice(2)]);
    expect(await read([[{ type: 'delta', seq: 1, content: 'a' }, { type: 'broken', code: 'unavailable', message: 'm' }]])).toEqual([{ type: 'delta', seq: 1, content: 'a' }, { type: 'broken', code: 'unavailable', message: 'm' }]);
  });
});
