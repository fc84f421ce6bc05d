import { toHalf } from '../numbers/half.js';

/** Weights that share a scale. */
export const BLOCK_WEIGHTS = 32;
/** A block: the scale as a half, then 16 bytes of two weights each. */
export const BLOCK_BYTES = 18;

/** A weight that is no finite number: the model is broken, and a scale made of it would spoil its whole block. */
export class NotANumber extends Error {
  override readonly name = 'NotANumber';
}

/**
 * Rounds weights to 4 bits in ggml's q4_0 format, byte for byte as llama.cpp does (`quantize_row_q4_0_ref`): the weight furthest from zero
 * becomes -8 of the scale, so scale = that weight / -8; a nibble is weight / scale + 8.5, cut off, at most 15; every step is rounded to float32.
 * The low nibble of byte j holds weight j, the high one weight j + 16.
 * @param weights a multiple of 32 of them.
 * @param out takes 18 bytes for each 32 weights, from its start.
 * @throws NotANumber
 */
export function quantiseQ4(weights: Float32Array, out: Buffer): void {
  const round = Math.fround;
  for (let start = 0, at = 0; start < weights.length; start += BLOCK_WEIGHTS, at += BLOCK_BYTES) {
    const scale = round(extreme(weights, start) / -8);
    const inverse = scale === 0 ? 0 : round(1 / scale);
    out.writeUInt16LE(toHalf(scale), at);
    for (let index = 0; index < 16; index += 1) {
      const low = Math.trunc(round(round((weights[start + index] ?? 0) * inverse) + 8.5));
      const high = Math.trunc(round(round((weights[start + 16 + index] ?? 0) * inverse) + 8.5));
      out[at + 2 + index] = (low > 15 ? 15 : low) | ((high > 15 ? 15 : high) << 4);
    }
  }
}

/** The weight of a block that is furthest from zero, the first of equals. */
function extreme(weights: Float32Array, start: number): number {
  let most = 0;
  let found = 0;
  for (let index = start; index < start + BLOCK_WEIGHTS; index += 1) {
    const weight = weights[index] ?? 0;
    const size = weight < 0 ? -weight : weight;
    if (size > most) {
      most = size;
      found = weight;
    } else if (size !== size) throw new NotANumber();
  }
  if (most === Infinity) throw new NotANumber();
  return found;
}
