import type { IncomingHttpHeaders } from 'node:http';

const LOGGED_REQUESTS = 200;
const LOGGED_ABORTS = 200;
const COUNTED_IDS = 1000;
const COUNTED_TAGS = 100_000;

/** A request as it came in, for tests that assert what was sent. The key is never kept. */
export interface LoggedRequest {
  readonly id: string;
  readonly path: string;
  readonly at: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** A client that left before its answer was complete. */
export interface LoggedAbort {
  readonly id: string;
  readonly at: string;
  readonly afterMs: number;
  readonly tokens: number;
}

/** The numbers that a waiter may wait for. */
export type Tally = 'started' | 'finished' | 'aborted' | 'broken' | 'openStreams' | 'openRequests' | 'tooManyRequests' | 'violations' | 'tokens';

interface Waiter {
  readonly reached: () => boolean;
  readonly resolve: () => void;
}

/** What the simulator did so far; every list is bounded. */
export class Counters {
  readonly #waiters = new Set<Waiter>();
  #tallies = zeros();
  #maxConcurrent = 0;
  #requests: LoggedRequest[] = [];
  #aborts: LoggedAbort[] = [];
  #tokensById = new Map<string, number>();
  /** One number for each request of a tag. */
  #tokensByTag = new Map<string, number[]>();

  /** Forgets what is over; what is still open stays counted as open. */
  reset(): void {
    this.#tallies = { ...zeros(), openStreams: this.#tallies.openStreams, openRequests: this.#tallies.openRequests };
    this.#maxConcurrent = this.#tallies.openRequests;
    this.#requests = [];
    this.#aborts = [];
    this.#tokensById = new Map();
    this.#tokensByTag = new Map();
  }

  /** Adds to a number and wakes those who wait for it. */
  add(tally: Tally, by: number): void {
    this.#tallies[tally] += by;
    if (tally === 'openRequests') this.#maxConcurrent = Math.max(this.#maxConcurrent, this.#tallies.openRequests);
    for (const waiter of this.#waiters) if (waiter.reached()) waiter.resolve();
  }

  logRequest(request: LoggedRequest): void {
    this.#requests.push(request);
    if (this.#requests.length > LOGGED_REQUESTS) this.#requests.shift();
  }

  logAbort(abort: LoggedAbort): void {
    this.#aborts.push(abort);
    if (this.#aborts.length > LOGGED_ABORTS) this.#aborts.shift();
  }

  /** Notes a request's produced tokens once it is over. */
  logTokens(id: string, tokens: number, tag?: string): void {
    if (tag !== undefined && this.#tokensByTag.size < COUNTED_TAGS) this.#tokensByTag.set(tag, [...(this.#tokensByTag.get(tag) ?? []), tokens]);
    this.#tokensById.set(id, tokens);
    if (this.#tokensById.size > COUNTED_IDS) this.#tokensById.delete(this.#tokensById.keys().next().value as string);
  }

  /** Resolves true once the number is within the bounds, false after `timeoutMs`. */
  wait(tally: Tally, atLeast: number, atMost: number, timeoutMs: number): Promise<boolean> {
    const reached = (): boolean => this.#tallies[tally] >= atLeast && this.#tallies[tally] <= atMost;
    if (reached()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (result: boolean): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        resolve(result);
      };
      const waiter: Waiter = { reached, resolve: () => end(true) };
      const timer = setTimeout(() => end(false), timeoutMs);
      timer.unref();
      this.#waiters.add(waiter);
    });
  }

  /** All numbers and logs, as the control endpoint shows them. */
  snapshot(): Record<string, unknown> {
    return {
      ...this.#tallies,
      maxConcurrent: this.#maxConcurrent,
      tokensById: Object.fromEntries(this.#tokensById),
      tokensByTag: Object.fromEntries(this.#tokensByTag),
      abortedRequests: this.#aborts,
      requests: this.#requests.map((request) => ({ ...request, headers: withoutKey(request.headers) })),
    };
  }
}

/** Whether a name is one of the numbers. */
export function isTally(name: string): name is Tally {
  return Object.hasOwn(zeros(), name);
}

function zeros(): Record<Tally, number> {
  return { started: 0, finished: 0, aborted: 0, broken: 0, openStreams: 0, openRequests: 0, tooManyRequests: 0, violations: 0, tokens: 0 };
}

function withoutKey(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'));
}
