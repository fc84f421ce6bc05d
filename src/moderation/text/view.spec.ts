import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodePoints } from './code-points.js';
import { Gap, MAX_BLANKS, MAX_GAP, viewOf } from './view.js';

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.array(fc.constantFrom('枪', '，', 'ﬁ', '㍿', '\u0301', 'が', 'é', '𝓼', '\ud83d', '\ude00', 'A', '$', '①', '轟'), { maxLength: 40 }).map((each) => each.join('')));
const shown = (text: string): string => viewOf(text).map((unit) => String.fromCodePoint(unit.base)).join('');

describe('viewOf', () => {
  it('maps back: each unit is what its own place in the text becomes', () => {
    fc.assert(fc.property(anyText, (text) => {
      let last = 0;
      for (const { unit, base, from, to } of viewOf(text)) {
        expect(from).toBeGreaterThanOrEqual(last === to ? from : last);
        expect(viewOf(text.slice(from, to)).map((each) => [each.unit, each.base])).toContainEqual([unit, base]);
        last = to;
      }
      expect(last).toBeLessThanOrEqual(text.length);
    }), { numRuns: 2_000 });
  });

  it('depends on code points only, not on what stands beside them', () => {
    fc.assert(fc.property(anyText, (text) => {
      expect(viewOf(text).map((unit) => unit.unit)).toEqual([...text].flatMap((each) => viewOf(each).map((unit) => unit.unit)));
    }), { numRuns: 2_000 });
  });

  it.each([['ＡｂＣ', 'abc'], ['違禁裏裡', '违禁里里'], ['ﬁ', 'fi'], ['e\u0301é', 'ee'], ['が', 'か\u3099'], ['⑧', '8'], ['⾭⻋', '青车'], ['한', '한'], ['🅐🅰🇦', 'aaa'], ['𠮷', '𠮷'], ['a\u200b\u{e0100}\u00adb', 'ab'], ['，😀 \n', '']])('%j is seen as %j', (text, seen) => {
    expect(shown(text)).toBe(seen);
  });

  it('tells what stands between', () => {
    expect(viewOf('a b，c\u200bd*e...f.g').map((unit) => unit.gap)).toEqual([Gap.start, Gap.soft, Gap.clause, Gap.none, Gap.joiner, Gap.clause, Gap.soft]);
    expect(viewOf('a-b - c--d-\u200be').map((unit) => unit.gap)).toEqual([Gap.start, Gap.joiner, Gap.soft, Gap.soft, Gap.joiner]);
    expect(viewOf(`a${'#'.repeat(MAX_GAP)}b${'#'.repeat(MAX_GAP + 1)}c${'\u200b'.repeat(MAX_GAP + 1)}d`).map((unit) => unit.gap)).toEqual([Gap.start, Gap.soft, Gap.start, Gap.none]);
    expect(viewOf(`a${' '.repeat(MAX_BLANKS)}b${' '.repeat(MAX_BLANKS + 1)}c${'# '.repeat(MAX_GAP / 2)}d${'\n'.repeat(MAX_GAP + 1)}e`).map((unit) => unit.gap)).toEqual([Gap.start, Gap.soft, Gap.start, Gap.soft, Gap.clause]);
  });

  it('knows what may stand for a letter', () => {
    expect(viewOf('a5$', true).map((unit) => [String.fromCodePoint(unit.unit), unit.weak])).toEqual([['a', false], ['s', true], ['s', true]]);
    expect(shown('f$u')).toBe('fu');
  });
});

describe('CodePoints', () => {
  it('reads the same whatever the cuts', () => {
    fc.assert(fc.property(anyText, fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 60 }), (text, cuts) => {
      const read: [number, number, number][] = [];
      const take = (codePoint: number, from: number, to: number): void => void read.push([codePoint, from, to]);
      const points = new CodePoints();
      let at = 0;
      for (const cut of cuts) points.read(text.slice(at, (at += cut)), take);
      points.read(text.slice(at), take);
      points.end(take);
      expect(read.map(([codePoint]) => codePoint)).toEqual([...text].map((each) => each.codePointAt(0)));
      expect(points.position).toBe(text.length);
    }));
  });
});
