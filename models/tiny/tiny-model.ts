import { F16, F32 } from '../../src/upstream/local/gguf/tensor-type.js';
import { arrayEntry, encodeHeader, entry, padding, type Entry, type TensorPlan } from '../gguf/encode.js';
import { OutputFile } from '../gguf/output-file.js';
import { toHalf } from '../numbers/half.js';
import { SeededNormal } from './random.js';
import { BEGIN_ID, makeVocabulary, TURN_END_ID, UNKNOWN_ID, type Vocabulary } from './vocabulary.js';

/** Sizes of a made model. */
export interface TinyShape {
  readonly layers: number;
  readonly width: number;
  readonly feedForward: number;
  readonly heads: number;
  readonly sharedHeads: number;
  readonly context: number;
  /** Least size of the vocabulary. */
  readonly vocabulary: number;
}

export const TINY: TinyShape = { layers: 2, width: 64, feedForward: 128, heads: 4, sharedHeads: 2, context: 2_048, vocabulary: 0 };
/** What the tiny model answers, whatever it is asked. */
export const SENTENCE = 'This answer comes from the local fallback model , not any remote upstream .';

const ALIGNMENT = 32;
const CHATML =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/**
 * Writes a tiny llama model in f16 that recites one sentence: a real forward pass, but embeddings and output rows are
 * tied into a chain, so that the most likely token after a word is the next word, and after anything else the first. A fixture, no intelligence.
 * The same arguments make the same bytes.
 * @throws Error when a word of the sentence stands twice.
 */
export async function writeTinyModel(path: string, shape: TinyShape = TINY, sentence: string = SENTENCE, seed = 1): Promise<void> {
  const vocabulary = makeVocabulary(sentence, shape.vocabulary);
  const tensors = tinyTensors(shape, vocabulary, new SeededNormal(seed));
  const out = await OutputFile.create(path);
  try {
    await out.write(encodeHeader(tinyEntries(shape, vocabulary), tensors, ALIGNMENT));
    for (const tensor of tensors) {
      const bytes = tensor.make();
      await out.write(bytes);
      await out.write(Buffer.alloc(padding(bytes.length, ALIGNMENT)));
    }
    await out.finish();
  } catch (error) {
    await out.discard();
    throw error;
  }
}

/** The header of a tiny model. */
export function tinyEntries(shape: TinyShape, vocabulary: Vocabulary): Entry[] {
  return [
    entry('general.architecture', 'string', 'llama'),
    entry('general.name', 'string', 'tiny-recite'),
    entry('general.file_type', 'u32', 1),
    entry('general.alignment', 'u32', ALIGNMENT),
    entry('llama.context_length', 'u32', shape.context),
    entry('llama.embedding_length', 'u32', shape.width),
    entry('llama.block_count', 'u32', shape.layers),
    entry('llama.feed_forward_length', 'u32', shape.feedForward),
    entry('llama.attention.head_count', 'u32', shape.heads),
    entry('llama.attention.head_count_kv', 'u32', shape.sharedHeads),
    entry('llama.attention.layer_norm_rms_epsilon', 'f32', 1e-5),
    entry('llama.rope.dimension_count', 'u32', shape.width / shape.heads),
    entry('llama.rope.freq_base', 'f32', 10_000),
    entry('llama.vocab_size', 'u32', vocabulary.tokens.length),
    entry('tokenizer.ggml.model', 'string', 'llama'),
    arrayEntry('tokenizer.ggml.tokens', 'string', vocabulary.tokens),
    arrayEntry('tokenizer.ggml.scores', 'f32', vocabulary.scores),
    arrayEntry('tokenizer.ggml.token_type', 'i32', vocabulary.kinds),
    entry('tokenizer.ggml.bos_token_id', 'u32', BEGIN_ID),
    entry('tokenizer.ggml.eos_token_id', 'u32', TURN_END_ID),
    entry('tokenizer.ggml.unknown_token_id', 'u32', UNKNOWN_ID),
    entry('tokenizer.ggml.add_bos_token', 'bool', true),
    entry('tokenizer.ggml.add_eos_token', 'bool', false),
    entry('tokenizer.chat_template', 'string', CHATML),
  ];
}

interface MadeTensor extends TensorPlan {
  readonly make: () => Buffer;
}

function tinyTensors(shape: TinyShape, vocabulary: Vocabulary, normal: SeededNormal): MadeTensor[] {
  const { width, feedForward } = shape;
  const shared = (width / shape.heads) * shape.sharedHeads;
  const { embeddings, outputs } = recitation(width, vocabulary, normal);
  const size = vocabulary.tokens.length;
  const unit = 1 / Math.sqrt(width);
  // Layers add little to what the embeddings say, or the chain would break.
  const damping = 0.2;
  const matrix = (name: string, columns: number, rows: number, deviation: number): MadeTensor => ({ name, dimensions: [columns, rows], type: F16, make: () => halves(rows * columns, () => normal.next() * deviation) });
  const norm = (name: string): MadeTensor => ({ name, dimensions: [width], type: F32, make: () => Buffer.from(new Float32Array(width).fill(1).buffer) });
  return [
    { name: 'token_embd.weight', dimensions: [width, size], type: F16, make: () => halves(size * width, (index) => embeddings[index] ?? 0) },
    norm('output_norm.weight'),
    { name: 'output.weight', dimensions: [width, size], type: F16, make: () => halves(size * width, (index) => outputs[index] ?? 0) },
    ...Array.from({ length: shape.layers }, (_, index) => `blk.${index}.`).flatMap((block) => [
      norm(`${block}attn_norm.weight`),
      matrix(`${block}attn_q.weight`, width, width, unit),
      matrix(`${block}attn_k.weight`, width, shared, unit),
      matrix(`${block}attn_v.weight`, width, shared, unit),
      matrix(`${block}attn_output.weight`, width, width, unit * damping),
      norm(`${block}ffn_norm.weight`),
      matrix(`${block}ffn_gate.weight`, width, feedForward, unit),
      matrix(`${block}ffn_up.weight`, width, feedForward, unit),
      matrix(`${block}ffn_down.weight`, feedForward, width, damping / Math.sqrt(feedForward)),
    ]),
  ];
}

/** Embeddings, and output rows that answer each word of the sentence with the next one and its end with the end of the turn. */
function recitation(width: number, { tokens, sentence }: Vocabulary, normal: SeededNormal): { readonly embeddings: Float32Array; readonly outputs: Float32Array } {
  const embeddings = new Float32Array(tokens.length * width);
  const outputs = new Float32Array(tokens.length * width);
  const inSentence = new Set(sentence);
  for (let token = 0; token < tokens.length; token += 1) {
    for (let index = 0; index < width; index += 1) {
      const at = token * width + index;
      // The first number says "not of the sentence".
      if (inSentence.has(token)) embeddings[at] = index === 0 ? 0 : normal.next();
      else embeddings[at] = index === 0 ? Math.sqrt(width) : 0.1 * normal.next();
      outputs[at] = 0.02 * normal.next();
    }
  }
  outputs[(sentence[0] ?? 0) * width] = 3;
  sentence.forEach((token, position) => {
    const next = sentence[position + 1] ?? TURN_END_ID;
    for (let index = 1; index < width; index += 1) {
      const at = next * width + index;
      outputs[at] = (outputs[at] ?? 0) + (embeddings[token * width + index] ?? 0) * (24 / width);
    }
  });
  return { embeddings, outputs };
}

function halves(count: number, value: (index: number) => number): Buffer {
  const bytes = Buffer.alloc(count * 2);
  for (let index = 0; index < count; index += 1) bytes.writeUInt16LE(toHalf(value(index)), 2 * index);
  return bytes;
}
