import type { LimitKind } from './key-limiter.js';

const MOST_ARRIVALS = 200_000;

/** `refused`: by the script or the key's behaviour (401, 403, 404, 429) and so never held against the limits. Else the first limit that it broke. */
export type Verdict = 'accepted' | 'refused' | LimitKind;
/** How an answer ended: complete, left by its client, or broken off by the simulator. */
export type Ending = 'finished' | 'aborted' | 'broken';

/** A chat request of one key. Times are the timeline's. */
export interface Arrival {
  readonly id: string;
  readonly at: number;
  /** Whose it is. */
  readonly owner: { readonly key: string; readonly shownAs: string };
  readonly tag: string | undefined;
  /** Booked, or what would have been. */
  readonly tokens: number;
  readonly verdict: Verdict;
  /** By how many milliseconds a violation came too early; undefined also where it would never fit. */
  readonly retryMs: number | undefined;
  /** Once an accepted one is over. */
  ended: { readonly how: Ending; readonly at: number; readonly produced: number } | undefined;
}

/** The newest 200,000 arrivals, in a ring. */
export class ArrivalLog {
  #arrivals: Arrival[] = [];
  /** How many there were in all; the number of the next one. */
  #count = 0;

  add(arrival: Arrival): void {
    this.#arrivals[this.#count % MOST_ARRIVALS] = arrival;
    this.#count += 1;
  }

  /** How many the ring has lost. */
  get dropped(): number {
    return Math.max(0, this.#count - MOST_ARRIVALS);
  }

  /** Those from number `from` on, oldest first, with their numbers. */
  *from(from: number): Generator<readonly [number, Arrival]> {
    for (let number = Math.max(from, this.dropped); number < this.#count; number += 1) yield [number, this.#arrivals[number % MOST_ARRIVALS] as Arrival];
  }

  forget(): void {
    this.#arrivals = [];
    this.#count = 0;
  }
}
