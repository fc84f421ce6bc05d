import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { piecesOf } from './pieces.js';

describe('piecesOf', () => {
  const texts = fc.string({ unit: fc.constantFrom('a', '字', '𠮷', '😀', ' '), maxLength: 400 }).filter((text) => text.trim() !== '');

  it('loses nothing, splits no pair, and shows whole whatever is no longer than the overlap', () => {
    fc.assert(fc.property(texts, fc.integer({ min: 12, max: 60 }), fc.integer({ min: 2, max: 5 }), (text, length, overlap) => {
      const pieces = piecesOf(text, length, overlap);
      for (const piece of pieces) {
        expect(piece.length).toBeLessThanOrEqual(length);
        expect(piece.isWellFormed()).toBe(true);
      }
      for (let from = 0; from + overlap <= text.length; from += 1) {
        const part = text.slice(from, from + overlap);
        if (part.isWellFormed()) expect(pieces.some((piece) => piece.includes(part))).toBe(true);
      }
      expect([text.startsWith(pieces[0] ?? '?'), text.endsWith(pieces.at(-1) ?? '?')]).toEqual([true, true]);
    }));
  });

  it('leaves a short text whole and has none of a blank one', () => {
    expect([piecesOf('abc', 3, 1), piecesOf(' \n', 3, 1), piecesOf('', 3, 1)]).toEqual([['abc'], [], []]);
  });
});
