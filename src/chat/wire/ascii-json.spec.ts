import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyText } from '../../../test/kit/wire-arbitraries.js';
import { asciiJsonString } from './ascii-json.js';

describe('asciiJsonString', () => {
  it('gives any text back through JSON, in printable ASCII, at most six bytes a unit, without the loaded words', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = asciiJsonString(text);
        expect(JSON.parse(json)).toBe(text);
        expect(json).toMatch(/^[\x20-\x7e]*$/);
        expect(json).not.toMatch(/error|success|data:/i);
        expect(json.length).toBeLessThanOrEqual(text.length * 6 + 2);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    ['\u00eerror', '"\\u00eer\\u0072or"'],
    ['\u00data: x', '"\\u00da\\u0074a: x"'],
    ['Error', '"Er\\u0072or"'],
    ['success: ', '"su\\u0063cess: "'],
    ['"\\\n', '"\\"\\\\\\n"'],
    ['你好 hi', '"\\u4f60\\u597d hi"'],
    ['\ud83d', '"\\ud83d"'],
  ])('writes %j as %s', (text, json) => {
    expect(asciiJsonString(text)).toBe(json);
    expect(JSON.parse(json)).toBe(text);
  });
});
