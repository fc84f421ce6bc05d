import { BF16, F16, F32 } from '../../src/upstream/local/gguf/tensor-type.js';
import { HALVES } from '../numbers/half.js';

/** Reads weights as float32 out of a tensor's bytes (little-endian; f16, bf16 and f32). */
export function readWeights(bytes: Buffer, type: number, into: Float32Array): Float32Array {
  const count = bytes.length / (type === F32 ? 4 : 2);
  const weights = into.subarray(0, count);
  if (type === F32) {
    for (let index = 0; index < count; index += 1) weights[index] = bytes.readFloatLE(4 * index);
    return weights;
  }
  const bits = halfWords(bytes);
  if (type === F16) {
    for (let index = 0; index < count; index += 1) weights[index] = HALVES[bits[index] ?? 0] ?? 0;
    return weights;
  }
  if (type !== BF16) throw new Error(`weights of type ${type} can't be read`);
  // A bf16 is the upper half of a float32.
  const words = new Uint32Array(weights.buffer, weights.byteOffset, count);
  for (let index = 0; index < count; index += 1) words[index] = (bits[index] ?? 0) << 16;
  return weights;
}

/** The bytes as little-endian 16-bit words; copied where they lie at an odd address. */
function halfWords(bytes: Buffer): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : Buffer.from(bytes);
  return aligned.byteOffset % 2 === 0 ? new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2) : Uint16Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readUInt16LE(2 * index));
}
