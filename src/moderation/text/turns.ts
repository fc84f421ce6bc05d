/** Milliseconds of work in one go: long enough to be worth the switch, too short to be felt in an answer. */
const STEP_MS = 6;

/** Cuts long work into steps, between which waiting input and output run. */
export class Turns {
  /** The longest step so far, ms. */
  longest = 0;
  private since: number;

  constructor(private readonly clock: () => number = () => performance.now(), private readonly turn: () => Promise<void> = () => new Promise((resolve) => setImmediate(resolve))) {
    this.since = clock();
  }

  /** Asked every few hundred µs of work: is it time to pause? */
  get due(): boolean {
    return this.clock() - this.since >= STEP_MS;
  }

  async pause(): Promise<void> {
    this.longest = Math.max(this.longest, this.clock() - this.since);
    await this.turn();
    this.since = this.clock();
  }
}
