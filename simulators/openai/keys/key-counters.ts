import { LIMIT_KINDS } from './key-limiter.js';
import type { Arrival, Ending } from './arrival-log.js';
import type { KeyUse, LimitKind } from './key-limiter.js';

const MOST_TAGS = 10_000;
/** Counts what comes after the first 10,000 tags. */
const OTHER_TAGS = '(others)';

interface TagCount {
  readonly accepted: number;
  readonly tokens: number;
}

/** What one API key has done. Times are the timeline's. */
export class KeyCounters {
  #accepted = 0;
  #acceptedTokens = 0;
  #refused = 0;
  #violated = 0;
  #violations = zeros();
  #endings: Record<Ending, number> = { finished: 0, aborted: 0, broken: 0 };
  #maxOpen = 0;
  #maxRequests = 0;
  #maxTokens = 0;
  #firstAt: number | undefined;
  #lastAt: number | undefined;
  readonly #byTag = new Map<string, TagCount>();

  /** A request has come. `kinds` are the limits that it broke, `use` is what is in use after it. */
  arrived(arrival: Arrival, kinds: readonly LimitKind[], use: KeyUse): void {
    this.#firstAt ??= arrival.at;
    this.#lastAt = arrival.at;
    if (arrival.verdict === 'refused') {
      this.#refused += 1;
    } else if (kinds.length > 0) {
      this.#violated += 1;
      for (const kind of kinds) this.#violations[kind] += 1;
    } else {
      this.#accept(arrival, use);
    }
  }

  ended(how: Ending): void {
    this.#endings[how] += 1;
  }

  /** Forgets what is over; `open` answers stay. */
  reset(open: number): void {
    this.#accepted = this.#acceptedTokens = this.#refused = this.#violated = 0;
    this.#violations = zeros();
    this.#endings = { finished: 0, aborted: 0, broken: 0 };
    this.#maxOpen = open;
    this.#maxRequests = this.#maxTokens = 0;
    this.#firstAt = this.#lastAt = undefined;
    this.#byTag.clear();
  }

  /** All numbers; `tell` turns a time into milliseconds since the mark. */
  snapshot(tell: (at: number) => number): Record<string, unknown> {
    return {
      accepted: this.#accepted,
      acceptedTokens: this.#acceptedTokens,
      refused: this.#refused,
      violated: this.#violated,
      violations: this.#violations,
      ...this.#endings,
      maxOpen: this.#maxOpen,
      maxRequestsPerMinute: this.#maxRequests,
      maxTokensPerMinute: this.#maxTokens,
      firstArrivalMs: this.#firstAt === undefined ? null : tell(this.#firstAt),
      lastArrivalMs: this.#lastAt === undefined ? null : tell(this.#lastAt),
      byTag: Object.fromEntries(this.#byTag),
    };
  }

  /** The fullest of all windows of 60 s ends at an arrival, so looking then is enough. */
  #accept({ tag, tokens }: Arrival, use: KeyUse): void {
    this.#accepted += 1;
    this.#acceptedTokens += tokens;
    this.#maxOpen = Math.max(this.#maxOpen, use.open);
    this.#maxRequests = Math.max(this.#maxRequests, use.requests);
    this.#maxTokens = Math.max(this.#maxTokens, use.tokens);
    if (tag === undefined) return;
    const name = this.#byTag.has(tag) || this.#byTag.size < MOST_TAGS ? tag : OTHER_TAGS;
    const count = this.#byTag.get(name) ?? { accepted: 0, tokens: 0 };
    this.#byTag.set(name, { accepted: count.accepted + 1, tokens: count.tokens + tokens });
  }
}

function zeros(): Record<LimitKind, number> {
  return Object.fromEntries(LIMIT_KINDS.map((kind) => [kind, 0])) as Record<LimitKind, number>;
}
