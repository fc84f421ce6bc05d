import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { yamlObject, yamlScalar } from './front-matter.js';

/** Texts that try to break out. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.array(fc.constantFrom('---', '\n', '\r', '\u0085', '\u2028', '"', "'", '\\', ': ', '#', '{', '}', '[', '&a', '*a', '!!js', '...', '%YAML', '\uFEFF', '\u0000', '\uD800', '\t', '@', '`', '- ', '? ', '| ', '> ', '你')).map((parts) => parts.join('')),
);

describe('front matter', () => {
  it('gives back any text, and keeps it on its line', () => {
    fc.assert(fc.property(hostile, (text) => {
      const line = yamlScalar(text);
      expect(line).not.toMatch(/[\n\r\u0085\u2028\u2029]/);
      expect(parse(`title: ${line}\nafter: 1\n`)).toEqual({ title: text.toWellFormed(), after: 1 });
    }), { numRuns: 1_000 });
  });

  it('gives back any mapping', () => {
    fc.assert(fc.property(hostile, hostile, (one, other) => {
      expect(parse(`AIGC:\n  - ${yamlObject({ one, other })}\n`)).toEqual({ AIGC: [{ one: one.toWellFormed(), other: other.toWellFormed() }] });
    }), { numRuns: 300 });
  });
});
