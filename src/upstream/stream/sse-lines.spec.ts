import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LINE_LIMIT, MalformedStream, SseLines } from './sse-lines.js';

/** Cuts bytes at the given places, wherever they fall. */
function pieces(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((place, at) => bytes.subarray(at === 0 ? 0 : places[at - 1], place));
}

function read(parts: readonly Uint8Array[]): string[] {
  const lines = new SseLines();
  return [...parts.flatMap((part) => [...lines.push(part)]), ...lines.end()];
}

describe('SseLines', () => {
  it('gives the same payloads however the bytes are cut, with any line end', () => {
    const payload = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map((text) => JSON.stringify({ text: text.toWellFormed() }));
    fc.assert(fc.property(fc.array(payload, { maxLength: 12 }), fc.constantFrom('\n', '\r\n'), fc.array(fc.nat(2_000), { maxLength: 20 }), fc.boolean(), (payloads, end, cuts, spaced) => {
      const bytes = new TextEncoder().encode(payloads.map((each) => `data:${spaced ? ' ' : ''}${each}${end}${end}`).join(`: a comment${end}${end}event: x${end}`));
      expect(read(pieces(bytes, cuts))).toEqual(payloads);
    }));
  });

  it('reads a last line that has no end', () => {
    expect(read([new TextEncoder().encode('data: 1\n\ndata: [DONE]')])).toEqual(['1', '[DONE]']);
  });

  it('refuses a line that never ends, before memory is full of it', () => {
    const lines = new SseLines();
    const chunk = new Uint8Array(LINE_LIMIT / 4).fill(97);
    expect(() => {
      for (let times = 0; times < 6; times += 1) lines.push(chunk);
    }).toThrow(MalformedStream);
  });
});
