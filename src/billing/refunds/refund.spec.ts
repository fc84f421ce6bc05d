import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { creditsFor } from './refund.js';

describe('creditsFor', () => {
  it('takes the bonus pro rata, and rounds up', () => {
    const order = { total: 990n, credits: 100_000n, bonusCredits: 10_000n };
    expect(creditsFor(order, 990n, 0n, 0n)).toBe(110_000n);
    expect(creditsFor(order, 495n, 0n, 0n)).toBe(55_000n);
    expect(creditsFor(order, 1n, 0n, 0n)).toBe(112n);
  });

  it('takes exactly all in the end, however the money is divided', () => {
    const order = fc.record({ total: fc.bigInt({ min: 1n, max: 10n ** 8n }), credits: fc.bigInt({ min: 1n, max: 10n ** 12n }), bonusCredits: fc.bigInt({ min: 0n, max: 10n ** 12n }) });
    fc.assert(fc.property(order, fc.array(fc.bigInt({ min: 1n, max: 10n ** 7n }), { maxLength: 20 }), (sold, parts) => {
      let fen = 0n;
      let credits = 0n;
      for (const part of [...parts, sold.total]) {
        const amount = part > sold.total - fen ? sold.total - fen : part;
        if (amount === 0n) break;
        const taken = creditsFor(sold, amount, fen, credits);
        expect(taken >= 0n).toBe(true);
        fen += amount;
        credits += taken;
        // never less than the money's share, and less than one credit more
        expect(credits * sold.total >= (sold.credits + sold.bonusCredits) * fen).toBe(true);
        expect((credits - 1n) * sold.total < (sold.credits + sold.bonusCredits) * fen).toBe(true);
      }
      expect(fen).toBe(sold.total);
      expect(credits).toBe(sold.credits + sold.bonusCredits);
    }));
  });
});
