import { decimalOf, product, roundHalfUp, type Credits, type Fen } from '../../platform/values/index.js';
import type { TopupPricing } from '../../tenants/index.js';

/** Fewest and most credits of one top-up of a free amount. */
export const LEAST_TOPUP = 1n;
export const MOST_TOPUP = 1_000_000_000_000n;
/** Most fen of one order: a million yuan. */
export const MOST_FEN = 100_000_000n;

/**
 * What `credits` cost: credits / 1000 × USD for 1,000 × CNY for a dollar × markup, in fen. Exact decimals, a half
 * fen goes up, and nothing is free.
 */
export function dynamicPrice(credits: Credits, { usdPer1000, exchangeRate, markup }: TopupPricing): Fen {
  const fen = product({ digits: credits, scale: 3 }, decimalOf(usdPer1000), decimalOf(exchangeRate), decimalOf(markup), { digits: 100n, scale: 0 });
  const rounded = roundHalfUp(fen);
  return rounded > 0n ? rounded : 1n;
}
