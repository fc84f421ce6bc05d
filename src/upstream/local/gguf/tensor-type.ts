/** How weights are stored: blocks of `weights` weights in `bytes` bytes, laid along the rows. */
export interface TensorType {
  readonly name: string;
  readonly weights: number;
  readonly bytes: number;
}

/** Numbers that this code itself writes or converts. */
export const F32 = 0;
export const F16 = 1;
export const Q4_0 = 2;
export const BF16 = 30;

/** ggml's `ggml_type` by number, as GGUF files carry it (ggml.h and ggml-common.h of llama.cpp). */
const TYPES: Readonly<Record<number, TensorType>> = {
  [F32]: { name: 'f32', weights: 1, bytes: 4 },
  [F16]: { name: 'f16', weights: 1, bytes: 2 },
  [Q4_0]: { name: 'q4_0', weights: 32, bytes: 18 },
  3: { name: 'q4_1', weights: 32, bytes: 20 },
  6: { name: 'q5_0', weights: 32, bytes: 22 },
  7: { name: 'q5_1', weights: 32, bytes: 24 },
  8: { name: 'q8_0', weights: 32, bytes: 34 },
  9: { name: 'q8_1', weights: 32, bytes: 36 },
  10: { name: 'q2_K', weights: 256, bytes: 84 },
  11: { name: 'q3_K', weights: 256, bytes: 110 },
  12: { name: 'q4_K', weights: 256, bytes: 144 },
  13: { name: 'q5_K', weights: 256, bytes: 176 },
  14: { name: 'q6_K', weights: 256, bytes: 210 },
  15: { name: 'q8_K', weights: 256, bytes: 292 },
  16: { name: 'iq2_xxs', weights: 256, bytes: 66 },
  17: { name: 'iq2_xs', weights: 256, bytes: 74 },
  18: { name: 'iq3_xxs', weights: 256, bytes: 98 },
  19: { name: 'iq1_s', weights: 256, bytes: 50 },
  20: { name: 'iq4_nl', weights: 32, bytes: 18 },
  21: { name: 'iq3_s', weights: 256, bytes: 110 },
  22: { name: 'iq2_s', weights: 256, bytes: 82 },
  23: { name: 'iq4_xs', weights: 256, bytes: 136 },
  24: { name: 'i8', weights: 1, bytes: 1 },
  25: { name: 'i16', weights: 1, bytes: 2 },
  26: { name: 'i32', weights: 1, bytes: 4 },
  27: { name: 'i64', weights: 1, bytes: 8 },
  28: { name: 'f64', weights: 1, bytes: 8 },
  29: { name: 'iq1_m', weights: 256, bytes: 56 },
  [BF16]: { name: 'bf16', weights: 1, bytes: 2 },
  34: { name: 'tq1_0', weights: 256, bytes: 54 },
  35: { name: 'tq2_0', weights: 256, bytes: 66 },
  39: { name: 'mxfp4', weights: 32, bytes: 17 },
};

/** Undefined for a type that is newer than this table. */
export function tensorType(type: number): TensorType | undefined {
  return TYPES[type];
}

/** How many weights a tensor of these dimensions has. */
export function weightCount(dimensions: readonly number[]): number {
  return dimensions.reduce((product, each) => product * each, 1);
}

/** Bytes of a tensor; undefined where the type is unknown or its rows are not whole blocks. */
export function tensorBytes(type: number, dimensions: readonly number[]): number | undefined {
  const layout = tensorType(type);
  if (layout === undefined || (dimensions[0] ?? 1) % layout.weights !== 0) return undefined;
  return (weightCount(dimensions) / layout.weights) * layout.bytes;
}
