import { GgufError } from './gguf-error.js';
import type { GgufHeader, HeaderValue, TensorInfo } from './header.js';
import { tensorBytes, tensorType, weightCount } from './tensor-type.js';

/** Architectures without attention, which may leave out heads and feed-forward layers. */
const WITHOUT_ATTENTION = /^(mamba|rwkv)/;

/** Bounds beyond every model that there is, against a header that would make the engine allocate without end. */
const MOST = { layers: 1_024, width: 1_048_576, heads: 4_096, context: 16_777_216 };

/**
 * Refuses what the engine could not load, and above all what makes llama.cpp abort its process instead of failing:
 * `head_count` absent or zero, `feed_forward_length` absent, experts of which none is used (tried with node-llama-cpp 3.22.1).
 * It can't foresee every assertion of the engine: that is what the child process is for.
 * @param fileBytes size of the whole file.
 * @throws GgufError
 */
export function checkModel(header: GgufHeader, fileBytes: number): void {
  const architecture = header.values.get('general.architecture');
  if (typeof architecture !== 'string' || architecture === '') throw new GgufError('general.architecture is missing');
  checkShape(header, architecture);
  checkExperts(header, architecture);
  checkTokenizer(header);
  checkTensors(header, fileBytes);
}

function checkShape(header: GgufHeader, architecture: string): void {
  const key = (name: string): string => `${architecture}.${name}`;
  const sizes = (name: string, most: number): readonly number[] => {
    const found = header.values.get(key(name));
    if (found === undefined) throw new GgufError(`${key(name)} is missing`);
    const numbers = numbersOf(found);
    if (numbers.length === 0 || !numbers.every((each) => Number.isInteger(each) && each >= 0 && each <= most) || !numbers.some((each) => each > 0)) throw new GgufError(`${key(name)} must be a whole number from 1 to ${most}`);
    return numbers;
  };
  sizes('context_length', MOST.context);
  const [width = 0] = sizes('embedding_length', MOST.width);
  sizes('block_count', MOST.layers);
  if (WITHOUT_ATTENTION.test(architecture)) return;
  sizes('feed_forward_length', MOST.width);
  const heads = sizes('attention.head_count', MOST.heads);
  if (architecture !== 'llama') return;
  const [headCount = 0] = heads;
  if (heads.length === 1 && header.values.get(key('attention.key_length')) === undefined && width % headCount !== 0) throw new GgufError(`${key('embedding_length')} (${width}) must be a multiple of ${key('attention.head_count')} (${headCount})`);
  if (header.values.get(key('attention.head_count_kv')) !== undefined) {
    const shared = sizes('attention.head_count_kv', MOST.heads);
    const [sharedCount = 0] = shared;
    if (heads.length === 1 && shared.length === 1 && headCount % sharedCount !== 0) throw new GgufError(`${key('attention.head_count')} (${headCount}) must be a multiple of ${key('attention.head_count_kv')} (${sharedCount})`);
  }
  const epsilon = header.values.get(key('attention.layer_norm_rms_epsilon'));
  if (typeof epsilon !== 'number' || !(epsilon > 0)) throw new GgufError(`${key('attention.layer_norm_rms_epsilon')} is missing or not above zero`);
}

function checkExperts(header: GgufHeader, architecture: string): void {
  const experts = header.values.get(`${architecture}.expert_count`) ?? 0;
  if (experts === 0) return;
  const used = header.values.get(`${architecture}.expert_used_count`);
  if (typeof experts !== 'number' || typeof used !== 'number' || used < 1 || used > experts) throw new GgufError(`${architecture}.expert_used_count must be a number from 1 to ${architecture}.expert_count`);
}

/** Most sizes are one number; some architectures give one per layer. */
function numbersOf(value: HeaderValue): readonly number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' ? value.numbers : [];
}

function checkTokenizer(header: GgufHeader): void {
  if (typeof header.values.get('tokenizer.ggml.model') !== 'string') throw new GgufError('tokenizer.ggml.model is missing');
  const tokens = header.values.get('tokenizer.ggml.tokens');
  if (typeof tokens !== 'object' || tokens.count === 0) throw new GgufError('tokenizer.ggml.tokens is missing or empty');
  for (const list of ['scores', 'token_type']) {
    const other = header.values.get(`tokenizer.ggml.${list}`);
    if (typeof other === 'object' && other.count < tokens.count) throw new GgufError(`tokenizer.ggml.${list} has ${other.count} entries for ${tokens.count} tokens`);
  }
}

function checkTensors(header: GgufHeader, fileBytes: number): void {
  if (header.tensors.length === 0) throw new GgufError('the file has no tensors');
  const names = new Set<string>();
  for (const tensor of header.tensors) {
    if (names.has(tensor.name)) throw new GgufError(`tensor ${tensor.name} stands twice`);
    names.add(tensor.name);
    checkTensor(tensor, header, fileBytes);
  }
}

function checkTensor(tensor: TensorInfo, header: GgufHeader, fileBytes: number): void {
  const { name, dimensions, type, offset } = tensor;
  if (!dimensions.every((each) => each > 0) || !Number.isSafeInteger(weightCount(dimensions))) throw new GgufError(`tensor ${name} has impossible dimensions ${dimensions.join('x')}`);
  if (offset % header.alignment !== 0) throw new GgufError(`tensor ${name} is not aligned to ${header.alignment} bytes`);
  const bytes = tensorBytes(type, dimensions);
  // A type newer than our table is the engine's to judge; its start can still be checked.
  if (bytes === undefined && tensorType(type) !== undefined) throw new GgufError(`the rows of tensor ${name} are not whole blocks`);
  if (header.dataStart + offset + (bytes ?? 1) > fileBytes) throw new GgufError(`the file is cut short: tensor ${name} reaches beyond its end`);
}
