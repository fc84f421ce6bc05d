import { open, realpath, type FileHandle } from 'node:fs/promises';
import { GgufError } from '../../src/upstream/local/gguf/gguf-error.js';
import { checkModel } from '../../src/upstream/local/gguf/check.js';
import { readHeader } from '../../src/upstream/local/gguf/header.reader.js';
import { F32 } from '../../src/upstream/local/gguf/tensor-type.js';
import { encodeHeader, padding, plannedBytes } from '../gguf/encode.js';
import { OutputFile } from '../gguf/output-file.js';
import { planEntries, planSteps, type Step } from './plan.js';
import { BLOCK_BYTES, BLOCK_WEIGHTS, NotANumber, quantiseQ4 } from './q4-0.js';
import { readWeights } from './weights.js';

/** Weights in memory at a time: 4 MiB as float32, whatever the size of the tensor. A multiple of 32. */
const SLAB_WEIGHTS = 1024 * 1024;

/** How far a conversion is: bytes of weights read, of all of them, and the tensor at hand. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly tensor: string;
}

export interface Quantised {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Tensors turned into q4_0, and tensors copied. */
  readonly quantised: number;
  readonly kept: number;
}

/**
 * Writes a copy of a model whose weight matrices are q4_0 instead of f16, bf16 or f32; norms, what `keep` names and rows that are no multiple of 32 stay.
 * The new file appears under its name when it is whole.
 * @throws GgufError when the input is no model, has broken weights, would be overwritten, or lacks a tensor that `keep` names.
 */
export async function quantiseFile(input: string, output: string, keep: ReadonlySet<string>, onProgress: (progress: Progress) => void): Promise<Quantised> {
  if (await isSameFile(input, output)) throw new GgufError('the output would overwrite the input');
  const file = await open(input, 'r').catch((error: unknown) => {
    throw new GgufError(`${input} can't be opened (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  });
  try {
    const { header, fileBytes } = await readHeader(file);
    checkModel(header, fileBytes);
    const steps = planSteps(header, keep);
    const unknown = [...keep].filter((name) => !steps.some((step) => step.name === name));
    if (unknown.length > 0) throw new GgufError(`there is no tensor ${unknown.join(', ')} to keep`);
    if (!steps.some((step) => step.quantised)) throw new GgufError('nothing to do: no weight matrix in f16, bf16 or f32');
    const head = encodeHeader(planEntries(header), steps, header.alignment);
    const out = await OutputFile.create(output);
    try {
      await out.write(head);
      const bytesAfter = head.length + (await writeTensors(file, out, steps, header, onProgress));
      await out.finish();
      const quantised = steps.filter((step) => step.quantised).length;
      return { bytesBefore: fileBytes, bytesAfter, quantised, kept: steps.length - quantised };
    } catch (error) {
      await out.discard();
      throw error;
    }
  } finally {
    await file.close();
  }
}

/** Gives the bytes written. */
async function writeTensors(file: FileHandle, out: OutputFile, steps: readonly Step[], header: { readonly dataStart: number; readonly alignment: number }, onProgress: (progress: Progress) => void): Promise<number> {
  const scratch = { floats: new Float32Array(SLAB_WEIGHTS), bytes: Buffer.alloc(SLAB_WEIGHTS * 4), blocks: Buffer.alloc((SLAB_WEIGHTS / BLOCK_WEIGHTS) * BLOCK_BYTES) };
  const totalBytes = steps.reduce((sum, { source }) => sum + plannedBytes(source), 0);
  let doneBytes = 0;
  let written = 0;
  for (const step of steps) {
    const { source } = step;
    const size = plannedBytes(source);
    const slab = SLAB_WEIGHTS * (source.type === F32 ? 4 : 2);
    for (let at = 0; at < size; at += slab) {
      const bytes = scratch.bytes.subarray(0, Math.min(slab, size - at));
      await readWhole(file, bytes, header.dataStart + source.offset + at, source.name);
      await out.write(step.quantised ? convert(bytes, step, scratch) : bytes);
      doneBytes += bytes.length;
      onProgress({ doneBytes, totalBytes, tensor: step.name });
    }
    const after = plannedBytes(step);
    const gap = padding(after, header.alignment);
    await out.write(Buffer.alloc(gap));
    written += after + gap;
  }
  return written;
}

function convert(bytes: Buffer, step: Step, scratch: { readonly floats: Float32Array; readonly blocks: Buffer }): Buffer {
  const weights = readWeights(bytes, step.source.type, scratch.floats);
  const blocks = scratch.blocks.subarray(0, (weights.length / BLOCK_WEIGHTS) * BLOCK_BYTES);
  try {
    quantiseQ4(weights, blocks);
  } catch (error) {
    throw error instanceof NotANumber ? new GgufError(`tensor ${step.name} has a weight that is no finite number`) : error;
  }
  return blocks;
}

async function readWhole(file: FileHandle, into: Buffer, position: number, name: string): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) throw new GgufError(`the file ends inside tensor ${name}`);
    done += bytesRead;
  }
}

async function isSameFile(input: string, output: string): Promise<boolean> {
  const [from, to] = await Promise.all([input, output].map((path) => realpath(path).catch(() => undefined)));
  return from !== undefined && from === to;
}
