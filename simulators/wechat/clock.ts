/** The simulator's time: real time plus what a test advanced it by, so that lifetimes are tested without waiting. */
export class Clock {
  #advancedMs = 0;

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#advancedMs;
  }

  advance(ms: number): void {
    this.#advancedMs += ms;
  }
}
