import { randomBytes } from 'node:crypto';
import type { Clock } from './clock.js';

const LIFETIME_MS = 7200_000;
const OVERLAP_MS = 300_000;
const DAY_MS = 86_400_000;
const FORCED_PER_DAY = 20;
const FORCED_APART_MS = 30_000;

/** A token as the answer tells it; `expires_in` is what is left, in seconds. */
export interface TokenAnswer {
  readonly access_token: string;
  readonly expires_in: number;
}

interface Held {
  readonly token: string;
  readonly expiresAt: number;
}

interface AppTokens {
  current: Held | undefined;
  former: Held | undefined;
  forcedAt: number[];
}

/**
 * The tokens of `/cgi-bin/stable_token`: the same one until its last five minutes, then a new one
 * while the old one lives on; a forced refresh kills the old one at once, 20 times a day and at
 * least 30 seconds apart. (The numbers answered beyond those limits, 45009 and 45011, are assumed.)
 */
export class StableTokens {
  readonly #clock: Clock;
  readonly #apps = new Map<string, AppTokens>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The app's token, or WeChat's error number. */
  obtain(appid: string, forceRefresh: boolean): TokenAnswer | 45009 | 45011 {
    const now = this.#clock.now();
    const tokens = this.#tokensOf(appid);
    if (forceRefresh) {
      tokens.forcedAt = tokens.forcedAt.filter((at) => now - at < DAY_MS);
      if (tokens.forcedAt.length >= FORCED_PER_DAY) return 45009;
      if (now - (tokens.forcedAt.at(-1) ?? -Infinity) < FORCED_APART_MS) return 45011;
      tokens.forcedAt.push(now);
      tokens.current = undefined;
      tokens.former = undefined;
    } else if (tokens.current && tokens.current.expiresAt - now <= OVERLAP_MS) {
      // The old token keeps its own end: at most five minutes from here.
      tokens.former = tokens.current;
      tokens.current = undefined;
    }
    tokens.current ??= { token: randomBytes(117).toString('base64url'), expiresAt: now + LIFETIME_MS };
    return { access_token: tokens.current.token, expires_in: Math.floor((tokens.current.expiresAt - now) / 1000) };
  }

  /** The tokens that a call would be accepted with now. */
  valid(appid: string): string[] {
    const now = this.#clock.now();
    const { current, former } = this.#tokensOf(appid);
    return [current, former].flatMap((held) => (held && held.expiresAt > now ? [held.token] : []));
  }

  #tokensOf(appid: string): AppTokens {
    let tokens = this.#apps.get(appid);
    if (!tokens) this.#apps.set(appid, (tokens = { current: undefined, former: undefined, forcedAt: [] }));
    return tokens;
  }
}
