import { VALUE } from '../../src/upstream/local/gguf/header.js';
import { tensorBytes } from '../../src/upstream/local/gguf/tensor-type.js';

/** A key of a header with its value, ready to be written. */
export interface Entry {
  readonly key: string;
  readonly raw: Buffer;
}

/** A tensor to be written. */
export interface TensorPlan {
  readonly name: string;
  /** Fastest-running first. */
  readonly dimensions: readonly number[];
  /** ggml's number of its type. */
  readonly type: number;
}

type Scalar = 'u32' | 'i32' | 'f32' | 'bool' | 'string';

export function entry(key: string, type: Scalar, value: number | boolean | string): Entry {
  return { key, raw: Buffer.concat([text(key), u32(VALUE[type]), scalar(type, value)]) };
}

export function arrayEntry(key: string, type: Scalar, values: readonly (number | string)[]): Entry {
  return { key, raw: Buffer.concat([text(key), u32(VALUE.array), u32(VALUE[type]), u64(values.length), ...values.map((each) => scalar(type, each))]) };
}

/** A whole header, filled up to where the data begins. Version 3, little-endian. */
export function encodeHeader(entries: readonly Entry[], tensors: readonly TensorPlan[], alignment: number): Buffer {
  const parts = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length), ...entries.map((each) => each.raw)];
  let offset = 0;
  for (const { name, dimensions, type } of tensors) {
    parts.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(type), u64(offset));
    const bytes = plannedBytes({ name, dimensions, type });
    offset += bytes + padding(bytes, alignment);
  }
  const head = Buffer.concat(parts);
  return Buffer.concat([head, Buffer.alloc(padding(head.length, alignment))]);
}

/** Bytes of a tensor's data, without the padding behind it. */
export function plannedBytes({ name, dimensions, type }: TensorPlan): number {
  const bytes = tensorBytes(type, dimensions);
  if (bytes === undefined) throw new Error(`tensor ${name} is of type ${type}, whose size is not known`);
  return bytes;
}

/** Bytes to the next multiple of the alignment. */
export function padding(length: number, alignment: number): number {
  return (alignment - (length % alignment)) % alignment;
}

function scalar(type: Scalar, value: number | boolean | string): Buffer {
  if (type === 'string') return text(String(value));
  if (type === 'bool') return Buffer.from([value ? 1 : 0]);
  const out = Buffer.alloc(4);
  if (type === 'u32') out.writeUInt32LE(Number(value));
  else if (type === 'i32') out.writeInt32LE(Number(value));
  else out.writeFloatLE(Number(value));
  return out;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

function u64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}
