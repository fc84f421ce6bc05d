const MOST_KEYS = 200_000;

/** The newest session key of every user: with each login the one before is over. */
export class SessionKeys {
  readonly #keys = new Map<string, string>();

  set(appid: string, openid: string, sessionKey: string): void {
    const key = `${appid} ${openid}`;
    this.#keys.delete(key);
    this.#keys.set(key, sessionKey);
    for (const oldest of this.#keys.keys()) {
      if (this.#keys.size <= MOST_KEYS) return;
      this.#keys.delete(oldest);
    }
  }

  of(appid: string, openid: string): string | undefined {
    return this.#keys.get(`${appid} ${openid}`);
  }
}
