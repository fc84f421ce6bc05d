import type { Credits } from '../../platform/values/index.js';

/** Free credits that a user has a right to once. */
export interface Grant {
  /** Names it within the user: the same key is never granted twice. */
  readonly key: string;
  readonly amount: Credits;
  readonly reason: 'signup' | 'daily';
  readonly expiresAt: Date | undefined;
}

export interface GrantRules {
  readonly signupCredits: Credits;
  /** Days until what is left of them expires; undefined: never. */
  readonly signupDays: number | undefined;
  readonly dailyCredits: Credits;
}

const DAY_MS = 86_400_000;
/** Asia/Shanghai has been UTC+8 without summer time since 1991. */
const SHANGHAI_MS = 8 * 3_600_000;

/** The grants that are due to a user at a moment. */
export function grantsDue(rules: GrantRules, at: Date): readonly Grant[] {
  const due: Grant[] = [];
  if (rules.signupCredits > 0n) {
    const expiresAt = rules.signupDays === undefined ? undefined : new Date(at.getTime() + rules.signupDays * DAY_MS);
    due.push({ key: 'signup', amount: rules.signupCredits, reason: 'signup', expiresAt });
  }
  if (rules.dailyCredits > 0n) {
    const day = Math.floor((at.getTime() + SHANGHAI_MS) / DAY_MS);
    const midnight = new Date((day + 1) * DAY_MS - SHANGHAI_MS);
    due.push({ key: `daily:${new Date(day * DAY_MS).toISOString().slice(0, 10)}`, amount: rules.dailyCredits, reason: 'daily', expiresAt: midnight });
  }
  return due;
}
