import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OVERLAP, Windows, type GateWindow } from './windows.js';

const text = fc.string({ unit: fc.constantFrom('好', 'a', '。', ' ', '.', '\n', '😀', '，'), maxLength: 4_000 });

/** The text cut at the given sizes, in turns. */
function* chunksOf(whole: string, sizes: readonly number[]): Generator<string> {
  for (let at = 0, turn = 0; at < whole.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield whole.slice(at, at + size);
    at += size;
  }
}

describe('Windows', () => {
  it('judges every unit of the text, each window with what came before it, whatever the chunks', () => {
    fc.assert(fc.property(text, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 }), (whole, sizes) => {
      const windows = new Windows();
      const cuts: GateWindow[] = [...chunksOf(whole, sizes)].flatMap((chunk) => windows.add(chunk));
      const rest = windows.rest();
      if (rest !== undefined) cuts.push(rest);
      let at = 0;
      for (const window of cuts) {
        expect(whole.slice(window.from, window.to)).toBe(window.text);
        expect(window.to).toBeGreaterThan(at);
        expect(window.from).toBeLessThanOrEqual(at);
        expect(at === 0 || at - window.from >= Math.min(at, OVERLAP) - 1).toBe(true);
        at = window.to;
      }
      expect([at, windows.waiting, windows.rest()]).toEqual([whole.length, false, undefined]);
    }));
  });

  it('cuts a well-formed text into well-formed windows', () => {
    fc.assert(fc.property(text, (whole) => {
      const windows = new Windows();
      for (const window of windows.add(whole)) expect(window.text.isWellFormed()).toBe(true);
      expect(windows.rest()?.text.isWellFormed() ?? true).toBe(true);
    }));
  });

  it('begins small, grows, and ends with sentences', () => {
    const windows = new Windows();
    const sentence = `${'今天天气很好所以我们出去走走'.repeat(2)}。`;
    const sizes = windows.add(sentence.repeat(100)).map((window) => [window.text.at(-1), window.to - window.from]);
    expect(sizes[0]).toEqual(['。', 87]);
    expect(sizes.slice(0, 3).map(([, size]) => size)).toEqual([87, 145 + OVERLAP, 261 + OVERLAP]);
    expect(new Set(sizes.map(([end]) => end))).toEqual(new Set(['。']));
  });

  it('holds little: what was judged is forgotten but for the overlap', () => {
    const windows = new Windows();
    for (let at = 0; at < 200; at += 1) windows.add('好'.repeat(100));
    expect((windows as unknown as { tail: string }).tail.length).toBeLessThan(1_600 + OVERLAP);
  });
});
