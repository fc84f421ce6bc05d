import { describe, expect, it } from 'vitest';
import { isOrdinary, isPlausible } from './plausible-usage.js';

const usage = (promptTokens: number, completionTokens: number, reasoningTokens = 0) => ({ promptTokens, completionTokens, reasoningTokens });

describe('an upstream\'s usage', () => {
  it.each([
    ['what we counted', usage(100, 50), true],
    ['another tokenizer', usage(180, 95), true],
    ['a template around the prompt', usage(160, 50), true],
    ['ten times the prompt and more', usage(1_100, 50), false],
    ['ten times the answer and more', usage(100, 600), false],
    ['nothing for a long answer', usage(100, 0), true],
    ['an answer longer than was allowed', usage(100, 50 + 100_000, 100_000), false],
    ['hidden thoughts within what was allowed', usage(100, 550, 500), true],
    ['a number from another world', usage(Number.MAX_SAFE_INTEGER, 50), false],
  ])('%s', (_, told, plausible) => {
    expect(isPlausible(told, usage(100, 50), 1_000)).toBe(plausible);
  });

  it('of nearly nothing for a very long answer is not believed', () => {
    expect(isPlausible(usage(100, 3), usage(100, 1_000), 4_000)).toBe(false);
  });

  it('is ordinary for its length, or has to be counted again', () => {
    expect(isOrdinary(usage(9, 10), '一共八个字的回答')).toBe(true);
    expect(isOrdinary(usage(9, 9_000), '一共八个字的回答')).toBe(false);
    expect(isOrdinary(usage(9, 0), 'x'.repeat(5_000))).toBe(false);
    expect(isOrdinary(usage(9, 1_010, 1_000), '一共八个字的回答')).toBe(true);
  });
});
