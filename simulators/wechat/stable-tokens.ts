import { OVERLAP_MS } from './issued-tokens.js';
import type { Clock } from './clock.js';
import type { IssuedToken, IssuedTokens, TokenAnswer } from './issued-tokens.js';

const DAY_MS = 86_400_000;
const FORCED_PER_DAY = 20;
const FORCED_APART_MS = 30_000;

interface AppTokens {
  current: IssuedToken | undefined;
  former: IssuedToken | undefined;
  forcedAt: number[];
}

/**
 * The tokens of `/cgi-bin/stable_token`: the same one until its last five minutes, then a new one
 * while the old one lives on; a forced refresh kills the old one at once, 20 times a day and at
 * least 30 seconds apart. (The numbers answered beyond those limits, 45009 and 45011, are assumed.)
 */
export class StableTokens {
  readonly #clock: Clock;
  readonly #issued: IssuedTokens;
  readonly #apps = new Map<string, AppTokens>();

  constructor(clock: Clock, issued: IssuedTokens) {
    this.#clock = clock;
    this.#issued = issued;
  }

  /** The app's token, or WeChat's error number. */
  obtain(appid: string, forceRefresh: boolean): TokenAnswer | 45009 | 45011 {
    const tokens = this.#tokensOf(appid);
    if (forceRefresh) {
      const refused = this.#force(tokens);
      if (refused !== undefined) return refused;
    } else if (tokens.current && tokens.current.expiresAt - this.#clock.now() <= OVERLAP_MS) {
      // The old token keeps its own end: at most five minutes from here.
      tokens.former = tokens.current;
      tokens.current = undefined;
    }
    if (tokens.current === undefined || !this.#issued.isGood(tokens.current)) tokens.current = this.#issued.issue(appid);
    return this.#issued.answer(tokens.current);
  }

  /** Refreshes of the last 24 hours that were forced. */
  forced(appid: string): number {
    return (this.#apps.get(appid)?.forcedAt ?? []).filter((at) => this.#clock.now() - at < DAY_MS).length;
  }

  #force(tokens: AppTokens): 45009 | 45011 | undefined {
    const now = this.#clock.now();
    tokens.forcedAt = tokens.forcedAt.filter((at) => now - at < DAY_MS);
    if (tokens.forcedAt.length >= FORCED_PER_DAY) return 45009;
    if (now - (tokens.forcedAt.at(-1) ?? -Infinity) < FORCED_APART_MS) return 45011;
    tokens.forcedAt.push(now);
    for (const old of [tokens.current, tokens.former]) if (old) old.dead ??= 40001;
    tokens.current = undefined;
    tokens.former = undefined;
    return undefined;
  }

  #tokensOf(appid: string): AppTokens {
    let tokens = this.#apps.get(appid);
    if (!tokens) this.#apps.set(appid, (tokens = { current: undefined, former: undefined, forcedAt: [] }));
    return tokens;
  }
}
