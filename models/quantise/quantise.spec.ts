import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHeader } from '../../src/upstream/local/gguf/header.js';
import { BF16, F16, F32, Q4_0 } from '../../src/upstream/local/gguf/tensor-type.js';
import { encodeHeader, padding, plannedBytes, type TensorPlan } from '../gguf/encode.js';
import { TINY, tinyEntries, writeTinyModel } from '../tiny/tiny-model.js';
import { makeVocabulary } from '../tiny/vocabulary.js';
import { quantiseFile, type Progress } from './quantise.js';

const NONE: ReadonlySet<string> = new Set();
const quiet = (): void => undefined;

let folder: string;
let tiny: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quantise-'));
  tiny = join(folder, 'tiny.gguf');
  await writeTinyModel(tiny);
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

async function sha256(path: string): Promise<string> {
  return createHash('sha256').update(await readFile(path)).digest('hex');
}

/** A file with these tensors and the tiny model's keys. */
async function write(name: string, tensors: readonly (TensorPlan & { readonly data: Buffer })[], alignment = 32): Promise<string> {
  const path = join(folder, name);
  const entries = tinyEntries(TINY, makeVocabulary('One .', 0)).map((each) => (each.key === 'general.alignment' ? { ...each, raw: Buffer.concat([each.raw.subarray(0, -4), Buffer.from([alignment, 0, 0, 0])]) } : each));
  await writeFile(path, Buffer.concat([encodeHeader(entries, tensors, alignment), ...tensors.flatMap(({ data }) => [data, Buffer.alloc(padding(data.length, alignment))])]));
  return path;
}

describe('quantising a file', () => {
  // The sums were taken from files that llama.cpp loads, and whose tensors equal those of its own quantiser, byte for byte.
  it('makes the bytes that are known to be right', async () => {
    expect(await sha256(tiny)).toBe('d8ae303984da9ef70fafde27af80607466a51fda3192e7c98149a18f867dfae6');
    const out = join(folder, 'tiny-q4.gguf');
    const seen: Progress[] = [];
    const result = await quantiseFile(tiny, out, NONE, (progress) => seen.push(progress));
    expect(result).toEqual({ bytesBefore: 247_584, bytesAfter: 77_632, quantised: 16, kept: 5 });
    expect(await sha256(out)).toBe('51981d4dcdd4756d0be2f8331464dd6e852109170f11d1e71ac08f8184f20daa');
    expect(seen.at(-1)).toMatchObject({ doneBytes: seen.at(-1)?.totalBytes });
  });

  it('leaves the tensors alone that it is told to keep', async () => {
    const out = join(folder, 'tiny-keep.gguf');
    await quantiseFile(tiny, out, new Set(['output.weight']), quiet);
    expect(await sha256(out)).toBe('a8ab4732691b72063104bcb5d9d788dcb8887e281fe194d5c174a7f6a514721b');
  });

  it('reads f32 and bf16 too, keeps norms, odd rows and vectors, and honours the alignment of the file', async () => {
    const weights = Float32Array.from({ length: 64 }, (_, index) => index - 32);
    const upperHalves = Buffer.alloc(128);
    weights.forEach((weight, index) => Buffer.from(Float32Array.of(weight).buffer).copy(upperHalves, 2 * index, 2, 4));
    const path = await write(
      'mixed.gguf',
      [
        { name: 'a.weight', dimensions: [32, 2], type: F32, data: Buffer.from(weights.buffer) },
        { name: 'b.weight', dimensions: [32, 2], type: BF16, data: upperHalves },
        { name: 'attn_norm.weight', dimensions: [32, 2], type: F32, data: Buffer.from(weights.buffer) },
        { name: 'odd.weight', dimensions: [16, 4], type: F32, data: Buffer.from(weights.buffer) },
        { name: 'vector.weight', dimensions: [64], type: F32, data: Buffer.from(weights.buffer) },
        { name: 'experts.weight', dimensions: [32, 1, 2], type: F16, data: Buffer.alloc(128) },
      ],
      64,
    );
    const out = join(folder, 'mixed-q4.gguf');
    await quantiseFile(path, out, NONE, quiet);
    const bytes = await readFile(out);
    const { tensors, dataStart, alignment, values } = parseHeader(bytes);
    expect(alignment).toBe(64);
    expect(dataStart % 64).toBe(0);
    expect(values.get('general.file_type')).toBe(2);
    expect(tensors.map(({ type, offset }) => [type, offset % 64])).toEqual([[Q4_0, 0], [Q4_0, 0], [F32, 0], [F32, 0], [F32, 0], [Q4_0, 0]]);
    const data = (index: number): Buffer => {
      const tensor = tensors[index];
      if (tensor === undefined) throw new Error('no such tensor');
      return bytes.subarray(dataStart + tensor.offset, dataStart + tensor.offset + plannedBytes(tensor));
    };
    expect(data(1)).toEqual(data(0));
    expect(data(2)).toEqual(Buffer.from(weights.buffer));
    expect(bytes.length % 64).toBe(0);
  });

  it('refuses to overwrite its input, also through a link, and leaves nothing half-written behind', async () => {
    const link = join(folder, 'link.gguf');
    await symlink(tiny, link);
    await expect(quantiseFile(tiny, link, NONE, quiet)).rejects.toThrow('would overwrite the input');
    const broken = await write('broken.gguf', [{ name: 'a.weight', dimensions: [32, 2], type: F32, data: Buffer.from(new Float32Array(64).fill(NaN).buffer) }]);
    const before = await readdir(folder);
    await expect(quantiseFile(broken, join(folder, 'never.gguf'), NONE, quiet)).rejects.toThrow('tensor a.weight has a weight that is no finite number');
    await expect(quantiseFile(join(folder, 'tiny-q4.gguf'), join(folder, 'never.gguf'), NONE, quiet)).rejects.toThrow('nothing to do');
    await expect(quantiseFile(tiny, join(folder, 'never.gguf'), new Set(['foo']), quiet)).rejects.toThrow('no tensor foo');
    await expect(quantiseFile(join(folder, 'missing.gguf'), join(folder, 'never.gguf'), NONE, quiet)).rejects.toThrow('ENOENT');
    expect(await readdir(folder)).toEqual(before);
  });
});
