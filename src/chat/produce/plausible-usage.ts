import type { Usage } from '../stream/run-event.js';

/** More than this times our own count, either way, is absurd: tokenizers differ, but not so much. */
const FACTOR = 10;
/** What a message's frame, a template or a very short text may add. */
const SLACK = 64;

/**
 * Whether the upstream's count for the visible answer is so ordinary for its length that it need not be counted
 * again: scripts run from about a quarter of a token a UTF-16 unit to two.
 */
export function isOrdinary(usage: Usage, content: string): boolean {
  const visible = usage.completionTokens - (usage.reasoningTokens ?? 0);
  return visible >= content.length / 16 && visible <= content.length * 2 + 8;
}

/**
 * Whether an upstream's usage can be true.
 * @param counted our own count of prompt and visible answer.
 * @param maxTokens that the upstream was allowed for the answer.
 */
export function isPlausible(usage: Usage, counted: Usage, maxTokens: number): boolean {
  const visible = usage.completionTokens - (usage.reasoningTokens ?? 0);
  return isNear(usage.promptTokens, counted.promptTokens) && isNear(visible, counted.completionTokens) && usage.completionTokens <= maxTokens * 2 + SLACK;
}

function isNear(told: number, counted: number): boolean {
  return told <= counted * FACTOR + SLACK && told * FACTOR + SLACK >= counted;
}
