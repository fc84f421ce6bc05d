import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dynamicPrice } from './dynamic-price.js';

const pricing = (usdPer1000: string, exchangeRate: string, markup: string) => ({ usdPer1000, exchangeRate, markup, exchangeRateDate: '2026-11-20', exchangeRateSource: 'test' });

describe('dynamicPrice', () => {
  it.each([
    // 1,000 credits × 0.01 USD × 7.1234 × 1.5 = 0.106851 yuan
    [1_000n, '0.01', '7.1234', '1.5', 11n],
    [100_000n, '0.01', '7.1234', '1.5', 1_069n],
    // exactly half a fen goes up, a hair less goes down
    [1_000n, '0.005', '1', '1', 1n],
    [3_000n, '0.005', '1', '1', 2n],
    [1_000n, '0.014999999999', '1', '1', 1n],
    [1_000n, '0.015', '1', '1', 2n],
    // nothing is free
    [1n, '0.000001', '0.000001', '1', 1n],
    [1_000_000_000_000n, '0.000000000001', '7', '1', 1n],
    // far beyond 2^53, exactly
    [1_000_000_000_000n, '99999999999.999999999999', '7', '1', 69_999_999_999_999_999_999_999n],
  ])('%s credits at %s USD, rate %s, markup %s cost %s fen', (credits, usd, rate, markup, fen) => {
    expect(dynamicPrice(credits, pricing(usd, rate, markup))).toBe(fen);
  });

  it('never falls when more is bought', () => {
    fc.assert(fc.property(fc.bigInt({ min: 1n, max: 10n ** 12n }), fc.bigInt({ min: 0n, max: 10n ** 12n }), fc.integer({ min: 1, max: 999_999 }), (credits, more, rate) => {
      const at = pricing('0.002', `7.${rate}`, '1.3');
      expect(dynamicPrice(credits + more, at) >= dynamicPrice(credits, at)).toBe(true);
    }));
  });
});
