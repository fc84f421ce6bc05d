import { courseOf } from '../answer-course.js';
import type { AnswerPlan } from '../answer-plan.js';
import type { TokenBooking } from './limits.js';

/**
 * The tokens that a request books at its arrival: prompt + completion as its usage would report them,
 * or with `max_tokens` prompt + the caller's maximum (without one: what it is going to have).
 */
export function bookedTokens(plan: AnswerPlan, booking: TokenBooking): number {
  const { chat, behaviour, total } = plan;
  const report = typeof behaviour.usage === 'object' && 'prompt_tokens' in behaviour.usage ? behaviour.usage : undefined;
  const prompt = report?.prompt_tokens ?? chat.promptTokens;
  if (booking === 'max_tokens' && Number.isFinite(chat.maxTokens)) return prompt + chat.maxTokens;
  const { tokens } = courseOf(plan);
  return prompt + (report && tokens === total ? report.completion_tokens : tokens);
}
