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

/** Part of the turns' room that stays in use when the oldest turns are dropped. */
const KEPT = 0.75;

/**
 * What the model is shown: the system prompt, the newest whole turns, the question. The oldest turns go first; a pair
 * is never split, and no turn is skipped for an older, smaller one.
 *
 * Turns are dropped in steps: once they overflow, until three quarters of their room are used. So the prompt begins
 * with the same messages for several questions, which is what the provider's own prompt cache asks for. Where the
 * window begins follows from the turns alone: the conversation is gone through again, and dropped from at the same
 * questions as before.
 * @throws DomainError `invalid_request` (param `content`) with the numbers, when system prompt and question alone don't fit.
 */
export function fitWindow(input: WindowInput): Window {
  const room = input.contextWindow - input.answerRoom;
  const systemTokens = input.systemPrompt === undefined ? 0 : input.systemPrompt.tokens + TOKENS_PER_MESSAGE;
  const bare = TOKENS_PRIMING + systemTokens + input.question.tokens + TOKENS_PER_MESSAGE;
  if (bare > room) {
    const most = Math.max(0, room - (bare - input.question.tokens));
    throw new DomainError('invalid_request', {
      param: 'content',
      message: `content has ${input.question.tokens} tokens; at most ${most} fit this model (window ${input.contextWindow}, answer ${input.answerRoom}, system prompt ${systemTokens})`,
    });
  }
  const { first, tokens } = beginOf(input.turns, input.question.tokens, room - TOKENS_PRIMING - systemTokens - TOKENS_PER_MESSAGE);
  const messages: PromptMessage[] = input.systemPrompt === undefined ? [] : [{ role: 'system', content: input.systemPrompt.text }];
  for (const turn of input.turns.slice(first)) messages.push({ role: 'user', content: turn.question }, { role: 'assistant', content: turn.answer });
  messages.push({ role: 'user', content: input.question.text });
  return { messages, tokens: bare + tokens, droppedTurns: first };
}

/**
 * The window with its turns as they may be shown: words covered, which changes their tokens hardly, or left out.
 * @param shown the turns in it, oldest first. @param judged the same, in their order; undefined: left out
 */
export function withTurns(window: Window, shown: readonly Turn[], judged: readonly (Turn | undefined)[]): Window {
  if (judged.every((turn, at) => turn === shown[at])) return window;
  const systemPrompts = window.messages.length - 2 * shown.length - 1;
  const messages = [
    ...window.messages.slice(0, systemPrompts),
    ...judged.flatMap((turn): PromptMessage[] => (turn === undefined ? [] : [{ role: 'user', content: turn.question }, { role: 'assistant', content: turn.answer }])),
    ...window.messages.slice(-1),
  ];
  return { ...window, messages, tokens: shown.reduce((tokens, turn, at) => (judged[at] === undefined ? tokens - tokensOf(turn) : tokens), window.tokens) };
}

/** The first turn that is shown, and the tokens of all that are. @param room tokens for turns and question. */
function beginOf(turns: readonly Turn[], questionTokens: number, room: number): { readonly first: number; readonly tokens: number } {
  let first = 0;
  let tokens = 0;
  for (let asked = 0; asked <= turns.length; asked += 1) {
    const next = turns[asked];
    const roomOfTurns = room - (next?.questionTokens ?? questionTokens);
    if (tokens > roomOfTurns) {
      for (; first < asked && tokens > roomOfTurns * KEPT; first += 1) tokens -= tokensOf(turns[first]);
    }
    tokens += tokensOf(next);
  }
  return { first, tokens };
}

function tokensOf(turn: Turn | undefined): number {
  return turn === undefined ? 0 : turn.questionTokens + turn.answerTokens + 2 * TOKENS_PER_MESSAGE;
}
