/** How a request's tokens are booked: what its answer really is going to cost, or prompt + the caller's maximum. */
export type TokenBooking = 'actual' | 'max_tokens';

/** What a provider grants one API key; an absent limit is none. Minutes and days slide. */
export interface Limits {
  readonly requestsPerMinute?: number;
  /** Prompt and answer together. */
  readonly tokensPerMinute?: number;
  readonly requestsPerDay?: number;
  /** Answers open at once. */
  readonly concurrent?: number;
  readonly tokens?: TokenBooking;
}

/** Limits that cannot be meant; the message names the field. */
export class BadLimits extends Error {}

const NUMBERS: readonly string[] = ['requestsPerMinute', 'tokensPerMinute', 'requestsPerDay', 'concurrent'];
const MOST = 1_000_000_000;

/** Checks limits as the control endpoint gets them. Throws {@link BadLimits}, so that a typing error cannot pass for "no limit". */
export function parseLimits(fields: Record<string, unknown>): Limits {
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'tokens') {
      if (value !== 'actual' && value !== 'max_tokens') throw new BadLimits('"tokens" must be actual | max_tokens.');
    } else if (!NUMBERS.includes(name)) {
      throw new BadLimits(`Unknown limit "${name}".`);
    } else if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > MOST) {
      throw new BadLimits(`"${name}" must be an integer from 0 to ${MOST}.`);
    }
  }
  return fields;
}
