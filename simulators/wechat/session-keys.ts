import { BoundedMap } from './bounded-map.js';

const MOST_KEYS = 200_000;

/** The newest session key of every user: with each login the one before is over. */
export class SessionKeys {
  readonly #keys = new BoundedMap<string>(MOST_KEYS);

  /** The key of a user's newest login to an app; the one before is over. */
  set(appid: string, openid: string, sessionKey: string): void {
    this.#keys.set(`${appid} ${openid}`, sessionKey);
  }

  /** The key that is good now; undefined for a user who never logged in. */
  of(appid: string, openid: string): string | undefined {
    return this.#keys.get(`${appid} ${openid}`);
  }
}
