/** Timers that end with the simulator. */
export class Later {
  readonly #timers = new Set<NodeJS.Timeout>();

  /** Runs `work` after `ms`, unless the simulator is closed before. */
  readonly run = (ms: number, work: () => void): void => {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, ms);
    this.#timers.add(timer);
  };

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
