import { exactNumber, type Credits } from '../../platform/values/index.js';
import type { PriceList } from './price-list.js';

/** Tokens of one answer. `cached` is part of `prompt`, `reasoning` is part of `completion`. */
export interface TokenUsage {
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
}

type Rates = Pick<PriceList, 'inputRate' | 'cachedInputRate' | 'outputRate' | 'reasoningRate' | 'minimumCharge'>;

/** ceil(Σ tokens × rate / 1000), at least the minimum charge; nothing where no token was used. Exact. */
export function costOf(rates: Rates, usage: TokenUsage): Credits {
  const total = usage.promptTokens + usage.completionTokens;
  if (total === 0) return 0n;
  const milli = BigInt(usage.promptTokens - usage.cachedTokens) * rates.inputRate + BigInt(usage.cachedTokens) * rates.cachedInputRate
    + BigInt(usage.completionTokens - usage.reasoningTokens) * rates.outputRate + BigInt(usage.reasoningTokens) * rates.reasoningRate;
  return largest((milli + 999n) / 1000n, rates.minimumCharge);
}

/** The worst that an answer can cost: nothing of the prompt cached, and every token of the room used at its dearest. */
export function worstCost(rates: Rates, promptTokens: number, answerTokens: number): Credits {
  const milli = BigInt(promptTokens) * largest(rates.inputRate, rates.cachedInputRate) + BigInt(answerTokens) * largest(rates.outputRate, rates.reasoningRate);
  return largest((milli + 999n) / 1000n, rates.minimumCharge);
}

/** The most answer tokens whose worst cost is within `credits`; never more than `most`. */
export function affordableTokens(rates: Rates, promptTokens: number, credits: Credits, most: number): number {
  const rate = largest(rates.outputRate, rates.reasoningRate);
  if (rate === 0n) return most;
  const left = credits * 1000n - BigInt(promptTokens) * largest(rates.inputRate, rates.cachedInputRate);
  if (left < 0n) return 0;
  const tokens = left / rate;
  return tokens >= BigInt(most) ? most : exactNumber(tokens);
}

function largest(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
