import { randomBytes } from 'node:crypto';
import { BoundedMap } from './bounded-map.js';
import type { Clock } from './clock.js';

const LIFETIME_MS = 7200_000;
/** How long an old token lives beside its successor. */
export const OVERLAP_MS = 300_000;
const MOST_TOKENS = 100_000;

/** What a call with a token that is no longer good is answered. */
export const STALE_CODES = [40001, 40014, 42001] as const;
export type StaleCode = (typeof STALE_CODES)[number];

/** A token as the answer tells it; `expires_in` is what is left, in seconds. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
}

/** A token that was given out; the simulator's own record of it. */
export interface IssuedToken {
  readonly token: string;
  readonly appid: string;
  expiresAt: number;
  /** Set when it does not count any more, with what a call is told then. */
  dead: StaleCode | undefined;
  /** Its end was moved because a newer one took its place. */
  replaced: boolean;
}

/**
 * Every token that was given out lately, of both endpoints: which app a call's `access_token` speaks
 * for. Made-up ones are 40014, those whose two hours are over 42001, replaced, killed and revoked ones
 * 40001 (that WeChat divides them like this is assumed; a client must treat all three alike).
 */
export class IssuedTokens {
  readonly #clock: Clock;
  readonly #tokens = new BoundedMap<IssuedToken>(MOST_TOKENS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  issue(appid: string): IssuedToken {
    const issued: IssuedToken = { token: randomBytes(117).toString('base64url'), appid, expiresAt: this.#clock.now() + LIFETIME_MS, dead: undefined, replaced: false };
    this.#tokens.set(issued.token, issued);
    return issued;
  }

  isGood(issued: IssuedToken): boolean {
    return issued.dead === undefined && issued.expiresAt > this.#clock.now();
  }

  answer(issued: IssuedToken): TokenAnswer {
    return { access_token: issued.token, expires_in: Math.floor((issued.expiresAt - this.#clock.now()) / 1000) };
  }

  /** The AppID that a token speaks for, or what its call is refused with. */
  appOf(token: string | null): string | 41001 | StaleCode {
    if (!token) return 41001;
    const issued = this.#tokens.get(token);
    if (!issued) return 40014;
    if (issued.dead !== undefined) return issued.dead;
    if (this.isGood(issued)) return issued.appid;
    return issued.replaced ? 40001 : 42001;
  }

  /** Whose token it is or was. */
  ownerOf(token: string | null): string | undefined {
    return token === null ? undefined : this.#tokens.get(token)?.appid;
  }

  /** Ends all tokens of an app at once. @returns how many were good until now. */
  revoke(appid: string, as: StaleCode = 40001): number {
    let revoked = 0;
    for (const issued of this.#tokens.values()) {
      if (issued.appid !== appid || !this.isGood(issued)) continue;
      issued.dead = as;
      revoked += 1;
    }
    return revoked;
  }

  /** Those of an app that a call would be accepted with now, newest first. */
  valid(appid: string): string[] {
    return this.#tokens.values().filter((issued) => issued.appid === appid && this.isGood(issued)).map(({ token }) => token).reverse();
  }
}
