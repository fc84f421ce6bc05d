import type { MicroCny } from '../../platform/values/index.js';
import type { UpstreamUsage } from '../stream/delta.js';
import type { ChannelModel } from './channel.js';

/** Which channel answered, and what its upstream asks for the answer. */
export interface Expense {
  readonly channelId: string;
  /** Undefined: nobody entered what the channel asks for this model, or no token is known to have been used. Never a guess. */
  readonly microCny: MicroCny | undefined;
}

/** Tokens of an answer; what was thought is part of the completion, and priced as such. */
type Tokens = Pick<UpstreamUsage, 'promptTokens' | 'completionTokens'> & Partial<Pick<UpstreamUsage, 'cachedTokens'>>;

/** ceil(Σ tokens × price / 1000): prices are micro-yuan per 1,000 tokens. Exact. Undefined where price or usage is unknown. */
export function upstreamCost(price: ChannelModel['price'], usage: Tokens): MicroCny | undefined {
  if (price === undefined || usage.promptTokens + usage.completionTokens === 0) return undefined;
  const cached = Math.min(usage.cachedTokens ?? 0, usage.promptTokens);
  const milli = BigInt(usage.promptTokens - cached) * price.input + BigInt(cached) * price.cachedInput + BigInt(usage.completionTokens) * price.output;
  return (milli + 999n) / 1000n;
}
