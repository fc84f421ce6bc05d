const FIRST_CAPACITY = 16;
const MOST_ENTRIES = 1 << 20;

/**
 * The log of what was booked in the last `spanMs`: a ring with running sums, never buckets. A booking at
 * time t counts until just before t + `spanMs`; at t + `spanMs` it is out.
 *
 * Times are milliseconds of one clock that never goes back. Booking and asking for the sums cost O(1)
 * on average, asking for a wait O(log n).
 */
export class SlidingWindow {
  readonly #spanMs: number;
  #at = new Float64Array(FIRST_CAPACITY);
  /** For each entry: the tokens of every booking so far, this one included. */
  #sums = new Float64Array(FIRST_CAPACITY);
  #head = 0;
  #size = 0;
  /** Tokens of every booking so far, and of those that are out. */
  #total = 0;
  #left = 0;

  constructor(spanMs: number) {
    this.#spanMs = spanMs;
  }

  /** Books `tokens` now. Throws when a million bookings are inside: a limiter that forgot some would be wrong. */
  book(now: number, tokens: number): void {
    this.#expire(now);
    if (this.#size === this.#at.length) this.#grow();
    const slot = this.#slot(this.#size);
    this.#total += tokens;
    this.#at[slot] = now;
    this.#sums[slot] = this.#total;
    this.#size += 1;
  }

  /** Bookings inside. */
  count(now: number): number {
    this.#expire(now);
    return this.#size;
  }

  /** Tokens inside. */
  tokens(now: number): number {
    this.#expire(now);
    return this.#total - this.#left;
  }

  /** Milliseconds until at most `most` bookings are inside; 0 = they are now, Infinity = never (`most` < 0). */
  untilCount(now: number, most: number): number {
    this.#expire(now);
    if (this.#size <= most) return 0;
    return most < 0 ? Infinity : this.#untilOut(now, this.#size - most - 1);
  }

  /** Milliseconds until at most `most` tokens are inside; 0 = they are now, Infinity = never (`most` < 0). */
  untilTokens(now: number, most: number): number {
    if (this.tokens(now) <= most) return 0;
    if (most < 0) return Infinity;
    let low = 0;
    let high = this.#size - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#total - (this.#sums[this.#slot(middle)] as number) <= most) high = middle;
      else low = middle + 1;
    }
    return this.#untilOut(now, low);
  }

  forget(): void {
    this.#head = 0;
    this.#size = 0;
    this.#total = 0;
    this.#left = 0;
  }

  #expire(now: number): void {
    while (this.#size > 0 && (this.#at[this.#head] as number) + this.#spanMs <= now) {
      this.#left = this.#sums[this.#head] as number;
      this.#head = this.#slot(1);
      this.#size -= 1;
    }
  }

  #untilOut(now: number, index: number): number {
    return (this.#at[this.#slot(index)] as number) + this.#spanMs - now;
  }

  /** Where the entry stands in the ring; 0 = the oldest. The capacity is a power of two. */
  #slot(index: number): number {
    return (this.#head + index) & (this.#at.length - 1);
  }

  #grow(): void {
    if (this.#size === MOST_ENTRIES) throw new Error(`A window holds ${MOST_ENTRIES} requests at most.`);
    const at = new Float64Array(this.#size * 2);
    const sums = new Float64Array(this.#size * 2);
    for (let index = 0; index < this.#size; index += 1) {
      at[index] = this.#at[this.#slot(index)] as number;
      sums[index] = this.#sums[this.#slot(index)] as number;
    }
    this.#at = at;
    this.#sums = sums;
    this.#head = 0;
  }
}
