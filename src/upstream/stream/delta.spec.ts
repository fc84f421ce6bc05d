import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SurrogateJoiner } from './delta.js';

describe('SurrogateJoiner', () => {
  it('puts a text together again, however it was cut, and never ends inside a pair', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.array(fc.nat(60)), (raw, cuts) => {
      const text = raw.toWellFormed();
      const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
      const joiner = new SurrogateJoiner();
      const parts = places.slice(1).map((place, at) => joiner.push(text.slice(places[at], place)));
      for (const part of parts) expect(part.isWellFormed()).toBe(true);
      expect(parts.join('') + joiner.end()).toBe(text);
    }));
  });

  it('makes an unpaired half visible instead of storing it', () => {
    const joiner = new SurrogateJoiner();
    expect(joiner.push('a\ud83d') + joiner.push('b') + joiner.push('\ud83d') + joiner.end()).toBe('a\uFFFDb\uFFFD');
  });
});
