import type { GgufHeader, TensorInfo } from '../../src/upstream/local/gguf/header.js';
import { BF16, F16, F32, Q4_0 } from '../../src/upstream/local/gguf/tensor-type.js';
import { entry, type Entry, type TensorPlan } from '../gguf/encode.js';
import { BLOCK_WEIGHTS } from './q4-0.js';

/** llama.cpp's number for a file whose weights are mostly q4_0, and the revision of its block formats. */
const MOSTLY_Q4_0 = 2;
const QUANTIZATION_VERSION = 2;
const REPLACED: ReadonlySet<string> = new Set(['general.file_type', 'general.quantization_version']);

/** Small and sensitive: norms, routers of mixtures of experts, positions, convolutions (llama.cpp keeps them too). */
const KEPT_KINDS = ['_norm', 'ffn_gate_inp', 'position_embd', 'token_types', 'ssm_conv1d'];
const READABLE: ReadonlySet<number> = new Set([F16, F32, BF16]);

/** What becomes of a tensor. */
export interface Step extends TensorPlan {
  readonly source: TensorInfo;
  /** False: its bytes are copied. */
  readonly quantised: boolean;
}

/** Decides for each tensor; `keep` names tensors that stay as they are. */
export function planSteps(header: GgufHeader, keep: ReadonlySet<string>): Step[] {
  return header.tensors.map((source) => {
    const quantised = isWeightMatrix(source) && !keep.has(source.name);
    return { name: source.name, dimensions: source.dimensions, type: quantised ? Q4_0 : source.type, source, quantised };
  });
}

/** The keys of the new file: the old ones, with what is said about its numbers made true. */
export function planEntries(header: GgufHeader): Entry[] {
  return [
    ...header.entries.filter(({ key }) => !REPLACED.has(key)),
    entry('general.quantization_version', 'u32', QUANTIZATION_VERSION),
    entry('general.file_type', 'u32', MOSTLY_Q4_0),
  ];
}

function isWeightMatrix({ name, dimensions, type }: TensorInfo): boolean {
  const [columns = 0, ...rest] = dimensions;
  return READABLE.has(type) && rest.some((each) => each > 1) && columns % BLOCK_WEIGHTS === 0 && name.endsWith('weight') && !KEPT_KINDS.some((kind) => name.includes(kind));
}
