import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affordableTokens, costOf, worstCost } from './cost.js';

const rates = { inputRate: 500n, cachedInputRate: 250n, outputRate: 1_500n, reasoningRate: 2_000n, minimumCharge: 1n };
const usage = (promptTokens: number, cachedTokens: number, completionTokens: number, reasoningTokens: number) => ({ promptTokens, cachedTokens, completionTokens, reasoningTokens });

describe('costOf', () => {
  it.each([
    [usage(0, 0, 0, 0), 0n],
    [usage(1, 0, 0, 0), 1n],
    [usage(1_000, 0, 1_000, 0), 2_000n],
    [usage(1_000, 1_000, 1_000, 1_000), 2_250n],
    // 3 × 500 + 1 × 1,500 = 3,000 thousandths
    [usage(3, 0, 1, 0), 3n],
    // a thousandth more is a credit more
    [usage(3, 1, 1, 0), 3n],
    [usage(2, 0, 0, 0), 1n],
    [usage(2_147_483_647, 0, 2_147_483_647, 0), 4_294_967_294n],
  ])('of %j is %s', (used, cost) => {
    expect(costOf(rates, used)).toBe(cost);
  });

  it('has a minimum where any token was used, and none where none was', () => {
    const dear = { ...rates, minimumCharge: 100n };
    expect([costOf(dear, usage(1, 0, 0, 0)), costOf(dear, usage(0, 0, 0, 0))]).toEqual([100n, 0n]);
  });

  it('is never more than the worst, and the affordable room is never beyond it', () => {
    const rate = fc.bigInt({ min: 0n, max: 1_000_000_000n });
    const all = fc.record({ inputRate: rate, cachedInputRate: rate, outputRate: rate, reasoningRate: rate, minimumCharge: fc.bigInt({ min: 0n, max: 1_000n }) });
    fc.assert(fc.property(all, fc.nat(100_000), fc.nat(100_000), fc.double({ min: 0, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), fc.bigInt({ min: 0n, max: 10n ** 15n }), (prices, prompt, completion, cached, reasoning, credits) => {
      const used = usage(prompt, Math.floor(prompt * cached), completion, Math.floor(completion * reasoning));
      expect(costOf(prices, used) <= worstCost(prices, prompt, completion)).toBe(true);
      const room = affordableTokens(prices, prompt, credits, completion);
      if (room > 0 && worstCost(prices, prompt, room) > prices.minimumCharge) expect(worstCost(prices, prompt, room) <= credits).toBe(true);
      if (room < completion && credits >= prices.minimumCharge) expect(worstCost(prices, prompt, room + 1) > credits).toBe(true);
    }));
  });
});
