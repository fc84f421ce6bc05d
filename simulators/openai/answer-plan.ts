import { makeAnswer } from './answer.js';
import type { Answer } from './answer.js';
import type { Behaviour } from './behaviour.js';
import type { ChatRequest } from './chat-request.js';
import type { Usage } from './frames.js';

/** For a person who tries the demo: about as fast as a hosted model. */
const FIRST_TOKEN_MS = 300;
const GAP_MS = 30;
const FAULT_AFTER_TOKENS = 3;

/** Everything that is decided about an answer before its first byte. */
export interface AnswerPlan {
  readonly id: string;
  readonly created: number;
  readonly chat: ChatRequest;
  readonly behaviour: Behaviour;
  readonly answer: Answer;
  /** Tokens to produce: the answer's length or the caller's maximum. */
  readonly total: number;
  readonly finishReason: string;
  readonly firstTokenMs: number;
  readonly gapMs: number;
  /** Index of the token before which the scripted fault strikes; -1 = none. */
  readonly faultAt: number;
}

/** Plans the answer to a chat request. */
export function planAnswer(id: string, chat: ChatRequest, behaviour: Behaviour): AnswerPlan {
  const answer = makeAnswer(behaviour, chat.question);
  const total = Math.min(answer.length, chat.maxTokens);
  const fault = behaviour.hang === 'mid' || behaviour.reset === 'mid' || behaviour.cutWithoutDone || behaviour.inStreamError || behaviour.malformed;
  return {
    id: `chatcmpl-${id}`,
    created: Math.floor(Date.now() / 1000),
    chat,
    behaviour,
    answer,
    total,
    finishReason: behaviour.finishReason ?? (total < answer.length ? 'length' : 'stop'),
    firstTokenMs: behaviour.firstTokenMs ?? FIRST_TOKEN_MS,
    gapMs: behaviour.gapMs ?? GAP_MS,
    faultAt: fault ? Math.min(behaviour.afterTokens ?? FAULT_AFTER_TOKENS, total) : -1,
  };
}

/** The usage to report for `completion` produced tokens; undefined when it is to be withheld. */
export function usageOf(plan: AnswerPlan, completion: number): Usage | undefined {
  const report = plan.behaviour.usage ?? 'normal';
  if (report === 'absent') return undefined;
  if (report !== 'normal' && 'raw' in report) return report.raw as Usage;
  const prompt = report === 'normal' ? plan.chat.promptTokens : report.prompt_tokens;
  const produced = report === 'normal' ? completion : report.completion_tokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: produced,
    total_tokens: prompt + produced,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: Math.min(plan.answer.reasoning, completion) },
  };
}
