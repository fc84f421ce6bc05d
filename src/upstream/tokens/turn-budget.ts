/** How long counting may go on in one turn of the event loop, whoever counts. */
const TURN_MS = 4;

/**
 * Shares each turn of the event loop among all who work piecemeal: together
 * they take TURN_MS at most, then waiting input and output have their turn.
 */
export class TurnBudget {
  private ends = 0;
  private next: Promise<void> | undefined;

  constructor(private readonly yieldTurn: () => Promise<void>, private readonly clock: () => number) {}

  /** Whether there is time left in this turn. */
  get left(): boolean {
    if (this.next !== undefined) return false;
    const now = this.clock();
    // Nobody waits and the last budget is over: this is another turn, or as good as one.
    if (now >= this.ends + TURN_MS) this.ends = now + TURN_MS;
    return now < this.ends;
  }

  /** Resolves in the next turn, for all who wait: ask `left` again. */
  wait(): Promise<void> {
    return (this.next ??= this.yieldTurn().then(() => {
      this.next = undefined;
      this.ends = this.clock() + TURN_MS;
    }));
  }
}
