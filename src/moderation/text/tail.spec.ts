import { describe, expect, it } from 'vitest';
import { isBrief, tailOf } from './tail.js';

describe('tailOf', () => {
  it('counts what is seen', () => {
    expect(tailOf('字'.repeat(500))).toBe('字'.repeat(160));
    expect(tailOf(`前${'字'.repeat(100)}${'\u200b'.repeat(1_000)}${'字'.repeat(60)}`)).toBe(`${'字'.repeat(100)}${'\u200b'.repeat(1_000)}${'字'.repeat(60)}`);
    expect(tailOf(`前后${' \n'.repeat(500)}${'字'.repeat(158)}`)).toBe(`后${' \n'.repeat(500)}${'字'.repeat(158)}`);
  });

  it('is bounded, whatever is put into it', () => {
    for (const nothing of ['\u200b', ' ', '\u{e0061}']) expect(tailOf(`违禁${nothing.repeat(10_000)}`).length).toBeLessThanOrEqual(4_001);
  });

  it('begins with a whole character', () => {
    expect(tailOf('𠮷'.repeat(200))).toBe('𠮷'.repeat(160));
    expect(tailOf('\udfb7\ud842')).toBe('\udfb7\ud842');
    expect(tailOf('')).toBe('');
  });
});

describe('isBrief', () => {
  it.each([['', true], ['嗯', true], ['好 的\u200b', true], ['❤️', true], ['ok', true], ['𠮷𠮷', true], ['好的。', false], ['yes', false]])('%j: %s', (text, brief) => {
    expect(isBrief(text)).toBe(brief);
  });
});
