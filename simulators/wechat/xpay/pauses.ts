const MOST_PAUSES = 10_000;

/** Waits between the repeats of a push; all end when the simulator does. */
export class Pauses {
  readonly #pauses = new Map<NodeJS.Timeout, (goesOn: boolean) => void>();
  #isClosed = false;

  /** Resolves true when the time is over; false when there is nothing to wait for any more: too many wait, or the simulator ends. */
  wait(ms: number): Promise<boolean> {
    if (this.#isClosed || this.#pauses.size >= MOST_PAUSES) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pauses.delete(timer);
        resolve(true);
      }, ms);
      this.#pauses.set(timer, resolve);
    });
  }

  /** Ends every wait with false, now and from now on. */
  close(): void {
    this.#isClosed = true;
    for (const [timer, resolve] of this.#pauses) {
      clearTimeout(timer);
      resolve(false);
    }
    this.#pauses.clear();
  }
}
