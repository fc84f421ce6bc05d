import type { Usage } from '../stream/run-event.js';

/** Token counts under the names that OpenAI clients read; every format uses them. */
export interface UsageJson {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export function usageJson(usage: Usage): UsageJson {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}
