import type { PromptMessage, Sampling } from '../../upstream/index.js';
import type { CacheWish } from '../cache/cache-wish.js';

/** What a client wants answered. */
export type Ask =
  | { readonly kind: 'message'; readonly conversationId: string; readonly content: string; readonly model?: string }
  | { readonly kind: 'regenerate'; readonly conversationId: string; readonly answerId: string }
  | { readonly kind: 'completion'; readonly messages: readonly PromptMessage[]; readonly model?: string; readonly maxTokens?: number; readonly sampling: Sampling };

export interface AskOptions {
  readonly idempotencyKey: string | undefined;
  readonly includeUsage: boolean;
  /** What the caller says about stored answers. */
  readonly cache: CacheWish | undefined;
}
