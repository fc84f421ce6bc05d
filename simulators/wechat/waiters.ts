const MOST_WAITERS = 1_000;

/** Those who wait until something has happened, so that tests need not poll. */
export class Waiters {
  readonly #waiters = new Set<() => void>();

  /** Resolves true once `reached` holds, false after `timeoutMs` or when too many wait already. */
  wait(reached: () => boolean, timeoutMs: number): Promise<boolean> {
    if (reached()) return Promise.resolve(true);
    if (this.#waiters.size >= MOST_WAITERS) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        resolve(result);
      };
      const look = (): void => {
        if (reached()) end(true);
      };
      const timer = setTimeout(() => end(false), timeoutMs);
      timer.unref();
      this.#waiters.add(look);
    });
  }

  /** To be called after every change that somebody may wait for. */
  wake(): void {
    for (const look of this.#waiters) look();
  }
}
