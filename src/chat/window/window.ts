import { DomainError } from '../../platform/errors/index.js';
import type { PromptMessage } from '../../upstream/index.js';

/** A question with its answer, and their tokens by the model's tokenizer. */
export interface Turn {
  readonly question: string;
  readonly questionTokens: number;
  readonly answer: string;
  readonly answerTokens: number;
}

/** Tokens that the chat format adds: 3 for each message (role and separators), 3 that prime the answer. Source: OpenAI cookbook, counting tokens for chat. */
export const TOKENS_PER_MESSAGE = 3;
export const TOKENS_PRIMING = 3;

export interface WindowInput {
  readonly systemPrompt: { readonly text: string; readonly tokens: number } | undefined;
  /** Oldest first, complete turns only. */
  readonly turns: readonly Turn[];
  readonly question: { readonly text: string; readonly tokens: number };
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number;
  /** Tokens kept free for the answer. */
  readonly answerRoom: number;
}

export interface Window {
  readonly messages: readonly PromptMessage[];
  readonly tokens: number;
  readonly droppedTurns: number;
}

/**
 * What the model is shown: the system prompt, the newest whole turns that fit, the question. The oldest turns go
 * first; a pair is never split, and no turn is skipped for an older, smaller one.
 * @throws DomainError `invalid_request` (param `content`) with the numbers, when system prompt and question alone don't fit.
 */
export function fitWindow(input: WindowInput): Window {
  const room = input.contextWindow - input.answerRoom;
  const systemTokens = input.systemPrompt === undefined ? 0 : input.systemPrompt.tokens + TOKENS_PER_MESSAGE;
  let tokens = TOKENS_PRIMING + systemTokens + input.question.tokens + TOKENS_PER_MESSAGE;
  if (tokens > room) {
    const most = Math.max(0, room - (tokens - input.question.tokens));
    throw new DomainError('invalid_request', {
      param: 'content',
      message: `content has ${input.question.tokens} tokens; at most ${most} fit this model (window ${input.contextWindow}, answer ${input.answerRoom}, system prompt ${systemTokens})`,
    });
  }
  let first = input.turns.length;
  for (; first > 0; first -= 1) {
    const turn = input.turns[first - 1];
    if (turn === undefined) break;
    const more = turn.questionTokens + turn.answerTokens + 2 * TOKENS_PER_MESSAGE;
    if (tokens + more > room) break;
    tokens += more;
  }
  const messages: PromptMessage[] = input.systemPrompt === undefined ? [] : [{ role: 'system', content: input.systemPrompt.text }];
  for (const turn of input.turns.slice(first)) messages.push({ role: 'user', content: turn.question }, { role: 'assistant', content: turn.answer });
  messages.push({ role: 'user', content: input.question.text });
  return { messages, tokens, droppedTurns: first };
}
