import type { DeltaBatch } from '../../upstream/index.js';
import type { Outcome } from '../run/run.js';

/** An answer that is given again without asking a model. */
export interface StoredAnswer {
  readonly content: string;
  readonly completionTokens: number;
  /** Part of the completion that the model only thought when it was made. */
  readonly reasoningTokens: number;
  /** The run that made it; absent for words of the tenant's own. */
  readonly runId?: string;
  /** `stop` unless told. */
  readonly finishReason?: 'content_filter';
}

/** Longest answer that is stored, in UTF-8 bytes. */
export const STORED_BYTES = 64 * 1024;

/** What is kept of an outcome: a whole answer that the model itself ended, and nothing that was refused, stopped, cut or came from a store. */
export function storable(outcome: Outcome): StoredAnswer | undefined {
  const { state, finishReason, content, usage, usageSource } = outcome;
  if (state !== 'finished' || finishReason !== 'stop' || usageSource === 'cache' || outcome.partial === true) return undefined;
  if (content.trim() === '' || Buffer.byteLength(content) > STORED_BYTES) return undefined;
  return { content, completionTokens: usage.completionTokens, reasoningTokens: usage.reasoningTokens ?? 0 };
}

/** A reply that the tenant's lists have ready for a banned topic. Costs nothing. */
export function fixedAnswer(content: string): StoredAnswer {
  return { content, completionTokens: 0, reasoningTokens: 0, finishReason: 'content_filter' };
}

/** The stored answer as an upstream would have told it: the whole prompt came from a cache. */
export async function* toldAgain(answer: StoredAnswer, promptTokens: number): AsyncGenerator<DeltaBatch> {
  const { content, completionTokens, reasoningTokens, finishReason = 'stop' } = answer;
  yield await Promise.resolve({ contents: [content], finishReason, usage: { promptTokens, cachedTokens: promptTokens, completionTokens, reasoningTokens }, last: true });
}
