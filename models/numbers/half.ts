const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The bits of the nearest IEEE 754 half to a number, ties to even, as the processor's F16C instructions round. */
export function toHalf(value: number): number {
  single[0] = value;
  const x = bits[0] ?? 0;
  const sign = (x >>> 16) & 0x8000;
  const exponent = (x >>> 23) & 0xff;
  const fraction = x & 0x7fffff;
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  const halfExponent = exponent - 112;
  if (halfExponent >= 31) return sign | 0x7c00;
  if (halfExponent < -10) return sign;
  if (halfExponent <= 0) return sign | roundedShift(fraction | 0x800000, 14 - halfExponent);
  // A carry out of the fraction rightly raises the exponent.
  return sign | ((halfExponent << 10) + roundedShift(fraction, 13));
}

/** Shifts right, to the nearest, ties to even. */
function roundedShift(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return kept + (rest > tie || (rest === tie && (kept & 1) === 1) ? 1 : 0);
}

/** The number that the bits of an IEEE 754 half stand for. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** All halves, so that converting a weight is one look-up. 256 KiB. */
export const HALVES: Float32Array = Float32Array.from({ length: 65_536 }, (_, half) => fromHalf(half));
