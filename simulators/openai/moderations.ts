import { answerError } from './errors.js';
import { answerJson } from '../http/answer-json.js';
import type { Exchange } from './exchange.js';

const CATEGORIES = [
  'harassment', 'harassment/threatening', 'hate', 'hate/threatening', 'illicit', 'illicit/violent', 'self-harm',
  'self-harm/instructions', 'self-harm/intent', 'sexual', 'sexual/minors', 'violence', 'violence/graphic',
];
const FLAGGED = /违禁|forbidden/iu;
const FLAGGED_CATEGORY = 'illicit';

/** `POST /v1/moderations`: flags a text with the word 违禁 or "forbidden" as `illicit`, nothing else. */
export function answerModerations(exchange: Exchange, body: Record<string, unknown>): void {
  const texts = textsOf(body['input']);
  if (!texts) {
    answerError(exchange.response, 400, { message: "Invalid value for 'input': expected a string, a list of strings or a list of parts.", param: 'input' });
    return;
  }
  const model = typeof body['model'] === 'string' ? body['model'] : 'omni-moderation-latest';
  answerJson(exchange.response, 200, { id: `modr-${exchange.id}`, model, results: texts.map(resultOf) });
}

/** Strings are judged one by one; the parts of one multi-modal input together. */
function textsOf(input: unknown): string[] | undefined {
  if (typeof input === 'string') return [input];
  if (!Array.isArray(input) || input.length === 0) return undefined;
  if (input.every((one) => typeof one === 'string')) return input;
  if (!input.every((part) => typeof part === 'object' && part !== null)) return undefined;
  return [input.map((part: { text?: unknown }) => (typeof part.text === 'string' ? part.text : '')).join('\n')];
}

function resultOf(text: string): Record<string, unknown> {
  const flagged = FLAGGED.test(text);
  const verdict = <T>(hit: T, clean: T): Record<string, T> => Object.fromEntries(CATEGORIES.map((name) => [name, flagged && name === FLAGGED_CATEGORY ? hit : clean]));
  return { flagged, categories: verdict(true, false), category_scores: verdict(0.98, 0.001), category_applied_input_types: verdict<string[]>(['text'], ['text']) };
}
