/** The time of limits, schedules and logs: milliseconds of a clock that never goes back, told relative to a mark that a test sets. */
export class Timeline {
  readonly #clock: () => number;
  #mark: number;
  #markUnixMs: number;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#mark = clock();
    this.#markUnixMs = Date.now();
  }

  now(): number {
    return this.#clock();
  }

  /** The wall clock's time of the mark, milliseconds, for those who compare with a clock of their own. */
  get markUnixMs(): number {
    return this.#markUnixMs;
  }

  /** From here on times are told from now; also those of what has been. */
  mark(): void {
    this.#mark = this.#clock();
    this.#markUnixMs = Date.now();
  }

  /** Milliseconds from the mark to `at`, to the microsecond; negative = before it. */
  sinceMark(at: number): number {
    return Math.round((at - this.#mark) * 1000) / 1000;
  }
}
