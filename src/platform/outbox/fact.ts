/** What a room states about itself, for the rooms above: small, plain, and about ids. Never a user's words. */
export interface Fact {
  /** The same for ever: rows of it lie in the outbox. */
  readonly kind: string;
}

/** The class of a fact: `class Paid implements Fact { static readonly kind = 'order.paid'; readonly kind = Paid.kind; … }`. */
export interface FactClass<F extends Fact> {
  readonly kind: string;
  new (...content: never[]): F;
}

/** A fact as it lies in the outbox. */
export interface StoredFact {
  readonly tenantId: string;
  readonly id: string;
  readonly kind: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Subscribers that have had it. */
  readonly handled: readonly string[];
  /** Times that it was tried, this one included. */
  readonly attempts: number;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 5 * 60_000;

/** Milliseconds until a fact is tried again that could not be delivered for the nth time: doubled each time, five minutes at most. */
export function pauseAfter(attempts: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(20, Math.max(0, attempts - 1)));
}
