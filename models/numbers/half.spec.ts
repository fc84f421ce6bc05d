import { describe, expect, it } from 'vitest';
import { fromHalf, toHalf } from './half.js';

describe('halves', () => {
  it('come back as they went, all of them', () => {
    for (let half = 0; half < 65_536; half += 1) {
      const value = fromHalf(half);
      if (!Number.isNaN(value)) expect(toHalf(value)).toBe(half);
    }
  });

  it.each([
    [1 + 2 ** -11, 0x3c00], // a tie goes to the even one
    [1 + 3 * 2 ** -11, 0x3c02],
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [65_504, 0x7bff],
    [65_520, 0x7c00],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 + 2 ** -40, 0x0001],
    [2 ** -14 - 2 ** -26, 0x0400],
    [-0, 0x8000],
    [-Infinity, 0xfc00],
  ])('rounds %d', (value, half) => {
    expect(toHalf(value)).toBe(half);
  });

  it('keeps what is no number', () => {
    expect(fromHalf(toHalf(NaN))).toBeNaN();
  });
});
