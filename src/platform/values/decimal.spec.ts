import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimalOf, isDecimal, product, roundHalfUp } from './decimal.js';

describe('decimals', () => {
  it.each(['', '-1', '+1', '1e3', '.5', '1.', '01', '1,5', ' 1', 'NaN', '1234567890123', '0.1234567890123', '１'])('refuses %j', (text) => {
    expect(isDecimal(text)).toBe(false);
    expect(() => decimalOf(text)).toThrow(RangeError);
  });

  it.each([['0', 0n], ['0.4', 0n], ['0.5', 1n], ['1.499999999999', 1n], ['1.5', 2n], ['2.5', 3n], ['999999999999.5', 1_000_000_000_000n]])('rounds %s to %s', (text, whole) => {
    expect(roundHalfUp(decimalOf(text))).toBe(whole);
  });

  it('multiplies exactly where doubles do not', () => {
    expect(product(decimalOf('0.1'), decimalOf('0.2'))).toEqual({ digits: 2n, scale: 2 });
    expect(roundHalfUp(product(decimalOf('1.005'), decimalOf('100')))).toBe(101n);
  });

  it('rounds as integers do, whatever the digits', () => {
    fc.assert(fc.property(fc.bigInt({ min: 0n, max: 10n ** 20n }), fc.integer({ min: 0, max: 24 }), (digits, scale) => {
      const whole = roundHalfUp({ digits, scale });
      const unit = 10n ** BigInt(scale);
      // |whole * unit - digits| is at most half a unit, and exactly half only above.
      const off = 2n * (whole * unit - digits);
      expect(off <= unit && off > -unit).toBe(true);
    }));
  });
});
