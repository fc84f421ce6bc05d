/** First-token times that are remembered. */
const KEPT = 128;
/** Fewer say nothing about the slowest of twenty. */
const ENOUGH = 20;
/** An hour ago the channel was another one. */
const FRESH_MS = 600_000;

/** How long a channel takes to its first words: a ring of the newest times. Times are of a monotonic clock, in ms. */
export class FirstTokens {
  private readonly took: number[] = [];
  private readonly at: number[] = [];
  private next = 0;

  note(tookMs: number, nowMs: number): void {
    this.took[this.next] = tookMs;
    this.at[this.next] = nowMs;
    this.next = (this.next + 1) % KEPT;
  }

  /** The time that 19 of 20 answers keep; undefined as long as too few were seen of late. */
  p95(nowMs: number): number | undefined {
    const fresh = this.took.filter((_, index) => nowMs - (this.at[index] ?? -Infinity) <= FRESH_MS).sort((a, b) => a - b);
    return fresh.length < ENOUGH ? undefined : fresh[Math.ceil(fresh.length * 0.95) - 1];
  }
}
