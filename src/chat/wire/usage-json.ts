import type { Bill, Usage } from '../stream/run-event.js';

/** Token counts under the names that OpenAI clients read; every format uses them. The details come only where there is something to tell. */
export interface UsageJson {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?: { readonly cached_tokens: number };
  readonly completion_tokens_details?: { readonly reasoning_tokens: number };
}

export function usageJson(usage: Usage): UsageJson {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    ...(usage.cachedTokens ? { prompt_tokens_details: { cached_tokens: usage.cachedTokens } } : {}),
    ...(usage.reasoningTokens ? { completion_tokens_details: { reasoning_tokens: usage.reasoningTokens } } : {}),
  };
}

export interface BillJson {
  readonly credits?: number | string;
  readonly balance?: number | string;
  readonly low_balance?: true;
}

/** What the answer cost and what is left, in credits; the warning only where it is due. */
export function billJson(bill: Bill | undefined): BillJson {
  if (bill === undefined) return {};
  return { credits: bill.credits, balance: bill.balance, ...(bill.low ? { low_balance: true } : {}) };
}
