import { Cursor } from './cursor.js';
import { GgufError } from './gguf-error.js';

/** Types of values in a header (the GGUF specification's `gguf_metadata_value_type`). */
export const VALUE = { u8: 0, i8: 1, u16: 2, i16: 3, u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9, u64: 10, i64: 11, f64: 12 } as const;

/** A list in a header: of a vocabulary only its length is kept, of short lists of numbers the numbers too. */
export interface ArrayValue {
  readonly count: number;
  readonly numbers: readonly number[];
}

export type HeaderValue = number | boolean | string | ArrayValue;

export interface TensorInfo {
  readonly name: string;
  /** Fastest-running first: [columns, rows, …]. */
  readonly dimensions: readonly number[];
  /** ggml's number of its type. */
  readonly type: number;
  /** Bytes from the start of the data. */
  readonly offset: number;
}

/** What stands before the weights of a GGUF file. */
export interface GgufHeader {
  readonly version: number;
  readonly values: ReadonlyMap<string, HeaderValue>;
  /** Every key with its bytes as they stood, for a copy of the header. */
  readonly entries: readonly { readonly key: string; readonly raw: Buffer }[];
  readonly tensors: readonly TensorInfo[];
  /** Bytes that each tensor's start is a multiple of. */
  readonly alignment: number;
  /** Where the data begins in the file, in bytes. */
  readonly dataStart: number;
}

const MAGIC = 'GGUF';
const DEFAULT_ALIGNMENT = 32;
/** Version 1 counted in 32 bits; 3 differs from 2 by allowing big-endian files, which are not read here. */
const VERSIONS = [2, 3];
const MOST_KEYS = 65_536;
const MOST_TENSORS = 65_536;
const MOST_DIMENSIONS = 4;
const LONGEST_NAME = 65_535;
/** A chat template is the longest string that is kept. */
const LONGEST_STRING = 8 * 1024 * 1024;
/** Lists per layer are kept whole; longer ones are vocabularies. */
const KEPT_NUMBERS = 4_096;

/**
 * Reads the header out of the first bytes of a file.
 * @throws HeaderCutShort when it goes on after them; GgufError when it is none.
 */
export function parseHeader(bytes: Buffer): GgufHeader {
  if (bytes.length >= 4 && bytes.toString('latin1', 0, 4) !== MAGIC) throw new GgufError('not a GGUF file: it does not begin with "GGUF"');
  const cursor = new Cursor(bytes);
  cursor.skip(4);
  const version = cursor.u32();
  if (!VERSIONS.includes(version)) throw new GgufError(`GGUF version ${version} is not supported (only ${VERSIONS.join(' and ')})`);
  const tensorCount = bounded('tensors', cursor.u64(), MOST_TENSORS);
  const keyCount = bounded('keys', cursor.u64(), MOST_KEYS);
  const values = new Map<string, HeaderValue>();
  const entries: { key: string; raw: Buffer }[] = [];
  for (let index = 0; index < keyCount; index += 1) {
    const start = cursor.position;
    const key = cursor.string('a key', LONGEST_NAME);
    if (values.has(key)) throw new GgufError(`the key ${key} stands twice`);
    values.set(key, readValue(cursor, key, cursor.u32()));
    entries.push({ key, raw: cursor.since(start) });
  }
  const tensors = Array.from({ length: tensorCount }, () => readTensor(cursor));
  const alignment = readAlignment(values);
  return { version, values, entries, tensors, alignment, dataStart: Math.ceil(cursor.position / alignment) * alignment };
}

function readTensor(cursor: Cursor): TensorInfo {
  const name = cursor.string("a tensor's name", LONGEST_NAME);
  const count = cursor.u32();
  if (count < 1 || count > MOST_DIMENSIONS) throw new GgufError(`tensor ${name} claims ${count} dimensions`);
  const dimensions = Array.from({ length: count }, () => cursor.u64());
  return { name, dimensions, type: cursor.u32(), offset: cursor.u64() };
}

function readValue(cursor: Cursor, key: string, type: number): HeaderValue {
  if (type === VALUE.string) return cursor.string(`the value of ${key}`, LONGEST_STRING);
  if (type === VALUE.bool) return cursor.u8() !== 0;
  if (type === VALUE.array) return readArray(cursor, key);
  return numberReader(cursor, key, type)();
}

function readArray(cursor: Cursor, key: string): ArrayValue {
  const type = cursor.u32();
  const count = cursor.u64();
  const numbers: number[] = [];
  if (type === VALUE.string) {
    for (let index = 0; index < count; index += 1) cursor.skipString();
  } else if (type === VALUE.bool) {
    cursor.skip(count);
  } else {
    const read = numberReader(cursor, key, type);
    for (let index = 0; index < count; index += 1) {
      const value = read();
      if (count <= KEPT_NUMBERS) numbers.push(value);
    }
  }
  return { count, numbers };
}

function numberReader(cursor: Cursor, key: string, type: number): () => number {
  switch (type) {
    case VALUE.u8:
      return () => cursor.u8();
    case VALUE.i8:
      return () => cursor.i8();
    case VALUE.u16:
      return () => cursor.u16();
    case VALUE.i16:
      return () => cursor.i16();
    case VALUE.u32:
      return () => cursor.u32();
    case VALUE.i32:
      return () => cursor.i32();
    case VALUE.f32:
      return () => cursor.f32();
    case VALUE.u64:
      return () => cursor.u64();
    case VALUE.i64:
      return () => cursor.i64();
    case VALUE.f64:
      return () => cursor.f64();
    default:
      throw new GgufError(`the value of ${key} is of type ${type}, which there is not`);
  }
}

function readAlignment(values: ReadonlyMap<string, HeaderValue>): number {
  const alignment = values.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== 'number' || alignment < 8 || alignment > 1024 * 1024 || !Number.isInteger(Math.log2(alignment))) throw new GgufError(`general.alignment must be a power of two, 8 or more`);
  return alignment;
}

function bounded(what: string, count: number, most: number): number {
  if (count > most) throw new GgufError(`the header claims ${count} ${what}, more than ${most}`);
  return count;
}
