import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCheckedHeader } from './header.reader.js';
import { parseHeader } from './header.js';

type Scalar = { readonly u32: number } | { readonly f32: number } | { readonly text: string } | { readonly texts: readonly string[] } | { readonly u32s: readonly number[] };

function u32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

function u64(value: bigint | number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}

const text = (value: string): Buffer => Buffer.concat([u64(Buffer.byteLength(value)), Buffer.from(value)]);

function scalar(value: Scalar): Buffer {
  if ('u32' in value) return Buffer.concat([u32(4), u32(value.u32)]);
  if ('f32' in value) return Buffer.concat([u32(6), Buffer.from(Float32Array.of(value.f32).buffer)]);
  if ('text' in value) return Buffer.concat([u32(8), text(value.text)]);
  if ('texts' in value) return Buffer.concat([u32(9), u32(8), u64(value.texts.length), ...value.texts.map(text)]);
  return Buffer.concat([u32(9), u32(4), u64(value.u32s.length), ...value.u32s.map(u32)]);
}

const GOOD: Readonly<Record<string, Scalar>> = {
  'general.architecture': { text: 'llama' },
  'llama.context_length': { u32: 256 },
  'llama.embedding_length': { u32: 64 },
  'llama.block_count': { u32: 1 },
  'llama.feed_forward_length': { u32: 128 },
  'llama.attention.head_count': { u32: 4 },
  'llama.attention.head_count_kv': { u32: 2 },
  'llama.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
  'tokenizer.ggml.model': { text: 'llama' },
  'tokenizer.ggml.tokens': { texts: ['<unk>', 'a'] },
};

interface Tensor {
  readonly name: string;
  readonly dimensions: readonly (number | bigint)[];
  readonly type: number;
  readonly offset: number;
}

const TENSOR: Tensor = { name: 'token_embd.weight', dimensions: [64, 2], type: 1, offset: 0 };

/** The bytes of a file; a key set to undefined is left out. */
function gguf(changes: Readonly<Record<string, Scalar | undefined>> = {}, tensors: readonly Tensor[] = [TENSOR], dataBytes = 256): Buffer {
  const keys = Object.entries({ ...GOOD, ...changes }).filter((each): each is [string, Scalar] => each[1] !== undefined);
  const head = Buffer.concat([
    Buffer.from('GGUF'),
    u32(3),
    u64(tensors.length),
    u64(keys.length),
    ...keys.flatMap(([key, value]) => [text(key), scalar(value)]),
    ...tensors.flatMap(({ name, dimensions, type, offset }) => [text(name), u32(dimensions.length), ...dimensions.map(u64), u32(type), u64(offset)]),
  ]);
  return Buffer.concat([head, Buffer.alloc((32 - (head.length % 32)) % 32), Buffer.alloc(dataBytes)]);
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gguf-'));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function check(bytes: Buffer): Promise<void> {
  const path = join(folder, 'model.gguf');
  await writeFile(path, bytes);
  await readCheckedHeader(path);
}

describe('the header of a GGUF file', () => {
  it('is read: values, lists, tensors and where the data begins', async () => {
    const bytes = gguf({ 'llama.rope.list': { u32s: [1, 2, 3] } });
    const header = parseHeader(bytes);
    expect(header.values.get('llama.context_length')).toBe(256);
    expect(header.values.get('llama.rope.list')).toEqual({ count: 3, numbers: [1, 2, 3] });
    expect(header.values.get('tokenizer.ggml.tokens')).toEqual({ count: 2, numbers: [] });
    expect(header.tensors).toEqual([TENSOR]);
    expect(header.dataStart).toBe(bytes.length - 256);
    await expect(check(bytes)).resolves.toBeUndefined();
  });

  it('may be longer than the first read', async () => {
    const tokens = Array.from({ length: 20_000 }, (_, index) => `token-${index}-${'x'.repeat(60)}`);
    await expect(check(gguf({ 'tokenizer.ggml.tokens': { texts: tokens } }))).resolves.toBeUndefined();
  });

  it.each([
    ['an empty file', Buffer.alloc(0), 'ends inside its header'],
    ['a text', Buffer.from('Once upon a time there was a model.'), 'does not begin with "GGUF"'],
    ['version 99', Buffer.concat([Buffer.from('GGUF'), u32(99), u64(1), u64(1)]), 'version 99'],
    ['a number of keys beyond reason', Buffer.concat([Buffer.from('GGUF'), u32(3), u64(1), u64(2n ** 63n)]), 'keys, more than'],
    ['a key longer than the file', Buffer.concat([Buffer.from('GGUF'), u32(3), u64(1), u64(1), u64(60_000)]), 'ends inside its header'],
    ['a cut header', gguf().subarray(0, 200), 'ends inside its header'],
    ['cut data', gguf().subarray(0, -1), 'cut short: tensor token_embd.weight'],
    ['no tensors', gguf({}, []), 'no tensors'],
    ['a tensor with no rows', gguf({}, [{ ...TENSOR, dimensions: [64, 0] }]), 'impossible dimensions'],
    ['a tensor of 2^80 weights', gguf({}, [{ ...TENSOR, dimensions: [2n ** 40n, 2n ** 40n] }]), 'impossible dimensions'],
    ['a tensor of five dimensions', gguf({}, [{ ...TENSOR, dimensions: [1, 1, 1, 1, 1] }]), 'claims 5 dimensions'],
    ['a crooked offset', gguf({}, [{ ...TENSOR, offset: 7 }]), 'not aligned'],
    ['an offset beyond the end', gguf({}, [{ ...TENSOR, offset: 32_000 }]), 'reaches beyond'],
    ['rows that are no whole blocks', gguf({}, [{ ...TENSOR, type: 2, dimensions: [33, 2] }]), 'whole blocks'],
    ['a tensor twice', gguf({}, [TENSOR, TENSOR]), 'stands twice'],
    ['an alignment of zero', gguf({ 'general.alignment': { u32: 0 } }), 'general.alignment'],
    ['fewer scores than tokens', gguf({ 'tokenizer.ggml.scores': { u32s: [1] } }), 'scores has 1 entries for 2'],
    ['heads that do not divide the width', gguf({ 'llama.attention.head_count': { u32: 7 } }), 'must be a multiple of llama.attention.head_count'],
    ['experts of which none is used', gguf({ 'llama.expert_count': { u32: 4 } }), 'expert_used_count'],
    ['more experts used than there are', gguf({ 'llama.expert_count': { u32: 4 }, 'llama.expert_used_count': { u32: 5 } }), 'expert_used_count'],
    ['shared heads that do not divide the heads', gguf({ 'llama.attention.head_count_kv': { u32: 3 } }), 'head_count_kv'],
  ])('is refused: %s', async (_name, bytes, reason) => {
    await expect(check(bytes)).rejects.toThrow(reason);
  });

  it.each(Object.keys(GOOD).filter((key) => !key.endsWith('_kv')))('is refused without %s', async (key) => {
    await expect(check(gguf({ [key]: undefined }))).rejects.toThrow(key);
  });

  // The first two make llama.cpp abort its process.
  it.each(['llama.attention.head_count', 'llama.feed_forward_length', 'llama.attention.head_count_kv', 'llama.context_length', 'llama.embedding_length', 'llama.block_count'])('is refused with zero for %s', async (key) => {
    await expect(check(gguf({ [key]: { u32: 0 } }))).rejects.toThrow(key);
  });

  it('may give sizes per layer, and may be of an architecture without attention', async () => {
    await expect(check(gguf({ 'llama.attention.head_count': { u32s: [4, 4] }, 'llama.feed_forward_length': { u32s: [128, 0] } }))).resolves.toBeUndefined();
    await expect(check(gguf({ 'general.architecture': { text: 'mamba' }, 'mamba.context_length': { u32: 8 }, 'mamba.embedding_length': { u32: 8 }, 'mamba.block_count': { u32: 1 } }))).resolves.toBeUndefined();
  });

  it('is refused by name where there is no file', async () => {
    await expect(readCheckedHeader(join(folder, 'missing.gguf'))).rejects.toThrow('ENOENT');
    await expect(readCheckedHeader(folder)).rejects.toThrow('not a file');
  });
});
