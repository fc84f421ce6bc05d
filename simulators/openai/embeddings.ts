import { answerError } from './errors.js';
import { answerJson } from '../http/answer-json.js';
import { hashText } from './hash.js';
import type { Exchange } from './exchange.js';

const USUAL_DIMENSIONS = 1536;
const MOST_DIMENSIONS = 3072;
const MOST_INPUTS = 2048;
/** How many components one feature of the text touches. */
const SPREAD = 8;

/** `POST /v1/embeddings`: deterministic unit vectors, as floats or base64 of little-endian 32-bit floats. */
export function answerEmbeddings(exchange: Exchange, body: Record<string, unknown>): void {
  const inputs = inputsOf(body['input']);
  const dimensions = body['dimensions'] ?? USUAL_DIMENSIONS;
  if (!inputs) {
    answerError(exchange.response, 400, { message: "Invalid value for 'input': expected non-empty text or tokens.", param: 'input' });
    return;
  }
  if (!Number.isInteger(dimensions) || (dimensions as number) < 1 || (dimensions as number) > MOST_DIMENSIONS) {
    answerError(exchange.response, 400, { message: `Invalid value for 'dimensions': expected an integer from 1 to ${MOST_DIMENSIONS}.`, param: 'dimensions' });
    return;
  }
  const data = inputs.map((input, index) => {
    const vector = embed(input, dimensions as number);
    return { object: 'embedding', index, embedding: body['encoding_format'] === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector] };
  });
  const tokens = inputs.reduce((sum, input) => sum + Math.ceil(input.length / 2), 0);
  answerJson(exchange.response, 200, { object: 'list', data, model: body['model'] ?? 'text-embedding-3-small', usage: { prompt_tokens: tokens, total_tokens: tokens } });
}

/** One text, several, one list of token numbers, or several. */
function inputsOf(input: unknown): string[] | undefined {
  if (typeof input === 'string') return input === '' ? undefined : [input];
  if (!Array.isArray(input) || input.length === 0 || input.length > MOST_INPUTS) return undefined;
  if (input.every((one) => typeof one === 'string')) return input.includes('') ? undefined : input;
  if (input.every((one) => Number.isInteger(one))) return [input.join(' ')];
  return input.every((one) => Array.isArray(one) && one.length > 0 && one.every((token) => Number.isInteger(token))) ? input.map((one: number[]) => one.join(' ')) : undefined;
}

/** A text's characters and pairs, hashed into a vector of length 1: texts that share words come out near each other. */
export function embed(text: string, dimensions: number): Float32Array {
  const sums = new Float64Array(dimensions);
  const characters = [...text.toLowerCase()];
  characters.forEach((character, at) => {
    for (const feature of [character, character + (characters[at + 1] ?? '')]) {
      for (let seed = 0; seed < SPREAD; seed += 1) {
        const hash = hashText(feature, seed);
        sums[(hash >>> 1) % dimensions] = (sums[(hash >>> 1) % dimensions] as number) + (hash & 1 ? 1 : -1);
      }
    }
  });
  const length = Math.hypot(...sums);
  if (length === 0) sums[0] = 1;
  return Float32Array.from(sums, (sum) => (length === 0 ? sum : sum / length));
}
