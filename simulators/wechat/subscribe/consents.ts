import { BoundedMap } from '../bounded-map.js';

const MOST_CONSENTS = 100_000;

/** How many messages a user lets through; `always` is never used up. */
export type Consent = number | 'always';

/** Who agreed to messages of which template, and how often: one consent is one message. */
export class Consents {
  readonly #left = new BoundedMap<Consent>(MOST_CONSENTS);

  /** The user agrees that often more. */
  grant(appid: string, openid: string, template: string, more: Consent): void {
    const left = this.left(appid, openid, template);
    this.#set(keyOf(appid, openid, template), more === 'always' || left === 'always' ? 'always' : left + more);
  }

  /** The user wants none any more. */
  revoke(appid: string, openid: string, template: string): void {
    this.#left.delete(keyOf(appid, openid, template));
  }

  /** How many messages the user lets through still; 0 where they never agreed. */
  left(appid: string, openid: string, template: string): Consent {
    return this.#left.get(keyOf(appid, openid, template)) ?? 0;
  }

  /** Uses one up. @returns the refusal when there is none. */
  take(appid: string, openid: string, template: string): 43101 | undefined {
    const left = this.left(appid, openid, template);
    if (left === 0) return 43101;
    if (left !== 'always') this.#set(keyOf(appid, openid, template), left - 1);
    return undefined;
  }

  #set(key: string, consent: Consent): void {
    if (consent === 0) this.#left.delete(key);
    else this.#left.set(key, consent);
  }
}

function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}
