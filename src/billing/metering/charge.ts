import type { Credits } from '../../platform/values/index.js';
import type { Grant } from '../grants/grants.js';
import type { TokenUsage } from '../prices/cost.js';
import type { PriceList } from '../prices/price-list.js';

/** An answer before it begins. */
export interface Estimate {
  readonly userId: string;
  readonly apiKeyId: string | undefined;
  readonly conversationId: string | undefined;
  /** Public model name. */
  readonly model: string;
  readonly promptTokens: number;
  /** Most tokens that the answer may have. */
  readonly maxTokens: number;
}

/**
 * What is to be reserved for an answer, in the statement that opens its run:
 * the worst case, or as much of it as the user has, but at least `minimum`.
 */
export interface HoldRequest {
  readonly estimate: Estimate;
  readonly prices: PriceList;
  readonly wanted: Credits;
  readonly minimum: Credits;
  readonly grants: readonly Grant[];
  /** For the SQL function `hold_credits`. */
  readonly row: Readonly<Record<string, unknown>>;
}

/** What is to be collected for an answer, in the statement that concludes its run. */
export interface Settlement {
  readonly cost: Credits;
  /** For the SQL function `settle_credits`. */
  readonly row: Readonly<Record<string, unknown>>;
}

/** What an answer cost in the end, and what is left. */
export interface Charge {
  readonly credits: Credits;
  readonly balance: Credits;
  /** The balance is below the tenant's warning threshold. */
  readonly low: boolean;
}

/** What was really used, and who says so; `cache`: the answer was stored, and nothing was used of a model. */
export interface MeteredUsage extends TokenUsage {
  readonly source: 'upstream' | 'counted' | 'cache';
}
