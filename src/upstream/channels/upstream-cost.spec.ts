import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { upstreamCost } from './upstream-cost.js';

const PRICE = { input: 2_000_000n, cachedInput: 500_000n, output: 8_000_000n };

describe('upstreamCost', () => {
  it('adds up prompt, cached prompt and answer, in micro-yuan', () => {
    // 600 × 2,000 + 400 × 500 + 250 × 8,000
    expect(upstreamCost(PRICE, { promptTokens: 1_000, cachedTokens: 400, completionTokens: 250 })).toBe(3_400_000n);
    expect(upstreamCost(PRICE, { promptTokens: 1_000, completionTokens: 0 })).toBe(2_000_000n);
  });

  it('rounds up once, at the end', () => {
    expect(upstreamCost({ input: 1n, cachedInput: 1n, output: 1n }, { promptTokens: 1, completionTokens: 0 })).toBe(1n);
    expect(upstreamCost({ input: 1n, cachedInput: 1n, output: 1n }, { promptTokens: 500, completionTokens: 500 })).toBe(1n);
    expect(upstreamCost({ input: 1n, cachedInput: 1n, output: 1n }, { promptTokens: 500, completionTokens: 501 })).toBe(2n);
  });

  it('is unknown, not nothing, without a price or without a count; a free channel costs nothing', () => {
    expect(upstreamCost(undefined, { promptTokens: 10, completionTokens: 10 })).toBeUndefined();
    expect(upstreamCost(PRICE, { promptTokens: 0, completionTokens: 0 })).toBeUndefined();
    expect(upstreamCost({ input: 0n, cachedInput: 0n, output: 0n }, { promptTokens: 10, completionTokens: 10 })).toBe(0n);
  });

  it('is exact to less than one micro-yuan, however much was used, and never more for a cached prompt that is cheaper', () => {
    const price = fc.bigInt({ min: 0n, max: 1_000_000_000_000n });
    const tokens = fc.nat(2_147_483_647);
    fc.assert(fc.property(price, price, price, tokens, tokens, tokens, (input, cachedInput, output, promptTokens, some, completionTokens) => {
      const cachedTokens = some % (promptTokens + 1);
      const cost = upstreamCost({ input, cachedInput, output }, { promptTokens, cachedTokens, completionTokens });
      if (promptTokens + completionTokens === 0) return cost === undefined;
      const exact = BigInt(promptTokens - cachedTokens) * input + BigInt(cachedTokens) * cachedInput + BigInt(completionTokens) * output;
      const uncached = upstreamCost({ input, cachedInput, output }, { promptTokens, completionTokens });
      return cost !== undefined && uncached !== undefined && cost * 1_000n >= exact && (cost - 1n) * 1_000n < exact && (cachedInput > input || cost <= uncached);
    }));
  });

  it('takes no more of the prompt for cached than there was', () => {
    expect(upstreamCost(PRICE, { promptTokens: 10, cachedTokens: 99, completionTokens: 0 })).toBe(upstreamCost(PRICE, { promptTokens: 10, cachedTokens: 10, completionTokens: 0 }));
  });
});
