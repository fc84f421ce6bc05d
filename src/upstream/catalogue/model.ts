import type { Encoding } from '../tokens/token-counter.js';

/** A model that tenants may offer. */
export interface Model {
  /** Public name. */
  readonly name: string;
  readonly upstreamName: string;
  /** Tokens of prompt and answer together. */
  readonly contextWindow: number;
  /** Most tokens of one answer. */
  readonly maxAnswerTokens: number;
  readonly encoding: Encoding;
}
