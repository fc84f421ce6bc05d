import { SlidingWindow } from './sliding-window.js';
import type { Limits } from './limits.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The limits that a request can break. */
export const LIMIT_KINDS = ['requests', 'tokens', 'concurrent', 'requestsPerDay'] as const;
export type LimitKind = (typeof LIMIT_KINDS)[number];

/** A request that came too early. */
export interface Violation {
  /** Every limit that it broke; never empty. */
  readonly kinds: readonly LimitKind[];
  /** Whole milliseconds until it would fit, at least 1; undefined = it never will, or nobody knows when. */
  readonly retryMs: number | undefined;
}

/** An answer that counts as open until {@link KeyLimiter.leave}. */
export interface OpenAnswer {
  /** When it is planned to be complete; Infinity = it hangs. */
  readonly endsAt: number;
}

/** What is used of one key's limits now. */
export interface KeyUse {
  readonly requests: number;
  readonly tokens: number;
  readonly requestsToday: number;
  readonly open: number;
  /** Milliseconds until the minute, and the day, are as if nothing had been asked. */
  readonly minuteResetMs: number;
  readonly dayResetMs: number;
}

/** Holds one API key to its limits, at the arrival of each request. Times are milliseconds of one clock that never goes back. */
export class KeyLimiter {
  readonly #minute = new SlidingWindow(MINUTE_MS);
  /** Kept from the first request on that has a daily limit: a day's log is long. */
  #day: SlidingWindow | undefined;
  readonly #open = new Set<OpenAnswer>();

  /** Answers open now. */
  get open(): number {
    return this.#open.size;
  }

  /** Books a request that fits; one that does not is left unbooked. `endsAt` is when its answer is planned to be complete. */
  arrive(now: number, limits: Limits, tokens: number, endsAt: number): OpenAnswer | Violation {
    const waits = this.#waits(now, limits, tokens);
    const kinds = LIMIT_KINDS.filter((kind) => waits[kind] > 0);
    if (kinds.length > 0) {
      const wait = Math.max(...kinds.map((kind) => waits[kind]));
      return { kinds, retryMs: Number.isFinite(wait) ? Math.ceil(wait) : undefined };
    }
    this.#minute.book(now, tokens);
    if (limits.requestsPerDay !== undefined) (this.#day ??= new SlidingWindow(DAY_MS)).book(now, tokens);
    const answer = { endsAt };
    this.#open.add(answer);
    return answer;
  }

  /** The answer is over, however it ended. */
  leave(answer: OpenAnswer): void {
    this.#open.delete(answer);
  }

  use(now: number): KeyUse {
    return {
      requests: this.#minute.count(now),
      tokens: this.#minute.tokens(now),
      requestsToday: this.#day?.count(now) ?? 0,
      open: this.#open.size,
      minuteResetMs: this.#minute.untilCount(now, 0),
      dayResetMs: this.#day?.untilCount(now, 0) ?? 0,
    };
  }

  /** Empties the windows. What is open stays open. */
  forget(): void {
    this.#minute.forget();
    this.#day = undefined;
  }

  /** Milliseconds until each limit has room; 0 = it has. */
  #waits(now: number, limits: Limits, tokens: number): Record<LimitKind, number> {
    const { requestsPerMinute, tokensPerMinute, requestsPerDay, concurrent } = limits;
    return {
      requests: requestsPerMinute === undefined ? 0 : this.#minute.untilCount(now, requestsPerMinute - 1),
      tokens: tokensPerMinute === undefined ? 0 : this.#minute.untilTokens(now, tokensPerMinute - tokens),
      concurrent: concurrent === undefined ? 0 : this.#untilClosed(now, concurrent),
      requestsPerDay: requestsPerDay === undefined ? 0 : requestsPerDay < 1 ? Infinity : (this.#day?.untilCount(now, requestsPerDay - 1) ?? 0),
    };
  }

  /** By plan: a slow reader may keep an answer open for longer. */
  #untilClosed(now: number, concurrent: number): number {
    if (this.#open.size < concurrent) return 0;
    if (concurrent === 0) return Infinity;
    const ends = Array.from(this.#open, (answer) => answer.endsAt).sort((one, other) => one - other);
    return Math.max(1, (ends[this.#open.size - concurrent] as number) - now);
  }
}
