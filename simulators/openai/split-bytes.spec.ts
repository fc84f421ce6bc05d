import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitBytes } from './split-bytes.js';

describe('splitBytes', () => {
  it('loses and changes nothing, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        const bytes = Buffer.from(text, 'utf8');
        expect(Buffer.concat(splitBytes(bytes)).equals(bytes)).toBe(true);
      }),
    );
  });

  it('leaves no multi-byte character whole', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('百', '聊', 'é', '😀', 'a', '\n'), minLength: 1, maxLength: 100 }), (text) => {
        const whole = splitBytes(Buffer.from(text, 'utf8')).map((part) => part.toString('utf8')).join('');
        expect(/[百聊é😀]/u.test(whole)).toBe(false);
      }),
    );
  });
});
