import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Automaton } from './automaton.js';
import { Turns } from './turns.js';

const sequencesOf = (words: readonly (readonly number[])[]): { units: Int32Array; starts: Int32Array } => ({
  units: new Int32Array(words.flat()),
  starts: new Int32Array(words.reduce<number[]>((starts, word) => [...starts, (starts.at(-1) ?? 0) + word.length], [0])),
});
const unit = fc.constantFrom(1, 2, 3, 0x4e00, 0x20000);
const word = fc.array(unit, { minLength: 1, maxLength: 5 });

describe('Automaton', () => {
  it('meets every sequence wherever it ends, and knows how much of the end may become one', async () => {
    await fc.assert(fc.asyncProperty(fc.array(word, { maxLength: 12 }), fc.array(unit, { maxLength: 40 }), async (words, text) => {
      const automaton = await Automaton.of(sequencesOf(words), new Turns());
      const ends = (beginning: readonly number[], at: number): boolean => beginning.length <= at + 1 && beginning.every((each, index) => text[at + 1 - beginning.length + index] === each);
      let node = 0;
      text.forEach((each, at) => {
        node = automaton.next(node, each);
        const met: number[] = [];
        automaton.each(node, (sequence) => met.push(sequence));
        expect(met.sort((a, b) => a - b)).toEqual(words.flatMap((sequence, index) => (ends(sequence, at) ? [index] : [])));
        expect(automaton.matches(node)).toBe(met.length > 0);
        const beginnings = words.flatMap((sequence) => sequence.map((_, length) => sequence.slice(0, length)));
        expect(automaton.pending(node)).toBe(Math.max(0, ...beginnings.filter((beginning) => ends(beginning, at)).map((beginning) => beginning.length)));
      });
    }), { numRuns: 500 });
  });
});
