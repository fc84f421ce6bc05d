import { describe, expect, it } from 'vitest';
import { fromHalf } from '../numbers/half.js';
import { NotANumber, quantiseQ4 } from './q4-0.js';

/** One block of 32 weights; the ones not given are 0. */
function block(given: readonly number[]): Buffer {
  const weights = new Float32Array(32);
  weights.set(given);
  const out = Buffer.alloc(18);
  quantiseQ4(weights, out);
  return out;
}

describe('a q4_0 block', () => {
  it('has minus zero as scale (0 / -8) and 8 in every nibble when all weights are zero', () => {
    expect(block([]).toString('hex')).toBe(`0080${'88'.repeat(16)}`);
  });

  it('puts the weight furthest from zero on -8 whatever its sign, and weight 16 into the high nibble of the first byte', () => {
    // Extreme 8: scale -1 = 0xbc00, stored low byte first. 8 / -1 + 8.5 = 0.5 → 0; weight 16: 4 / -1 + 8.5 = 4.5 → 4.
    const weights = [8, -7, 0.4, 0.6, ...Array<number>(12).fill(0), 4];
    // -7 → 15.5 → 15; 0.4 → 8.1 → 8; 0.6 → 7.9 → 7.
    expect(block(weights).toString('hex')).toBe(`00bc${'40'}${'8f'}${'88'}${'87'}${'88'.repeat(12)}`);
  });

  it('cuts the other end off at 15: weights of both signs and one size', () => {
    // Scale 1 (0x3c00): 8 / 1 + 8.5 = 16.5 → 16, which four bits don't hold.
    expect(block([-8, 8]).toString('hex')).toBe(`003c80${'8f'}${'88'.repeat(14)}`);
  });

  it('takes the first of equal extremes', () => {
    expect(block([8, -8]).readUInt16LE(0)).toBe(0xbc00);
    expect(block([-8, 8]).readUInt16LE(0)).toBe(0x3c00);
  });

  it('rounds the scale to a half, but the weights by the scale before that', () => {
    const out = block([-1 / 3, 1 / 3 / 8]);
    expect(fromHalf(out.readUInt16LE(0))).toBeCloseTo(1 / 24, 4);
    expect(out[2]).toBe(0x80);
    expect(out[3]).toBe(0x89);
  });

  it('refuses weights that are no finite numbers', () => {
    expect(() => block([1, NaN])).toThrow(NotANumber);
    expect(() => block([1, -Infinity])).toThrow(NotANumber);
  });
});
