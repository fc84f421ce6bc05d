import { OVERLAP_MS } from './issued-tokens.js';
import type { Clock } from './clock.js';
import type { IssuedToken, IssuedTokens, TokenAnswer } from './issued-tokens.js';

/** The tokens of `GET /cgi-bin/token`: a new one with every call, and the one before lives five minutes more. They know nothing of the stable ones. */
export class PlainTokens {
  readonly #clock: Clock;
  readonly #issued: IssuedTokens;
  readonly #current = new Map<string, IssuedToken>();

  constructor(clock: Clock, issued: IssuedTokens) {
    this.#clock = clock;
    this.#issued = issued;
  }

  obtain(appid: string): TokenAnswer {
    const old = this.#current.get(appid);
    if (old) {
      old.expiresAt = Math.min(old.expiresAt, this.#clock.now() + OVERLAP_MS);
      old.replaced = true;
    }
    const issued = this.#issued.issue(appid);
    this.#current.set(appid, issued);
    return this.#issued.answer(issued);
  }
}
