/** Numbers of notifications: deliveries and their answers; given up after the last retry; not begun for want of room; not delivered yet; of those failed before. */
const TALLIES = ['sent', 'accepted', 'refused', 'given_up', 'dropped', 'open_notices', 'open_retries'] as const;
export type Tally = (typeof TALLIES)[number];

const MOST_NAMES = 500;
const MOST_WAITERS = 1_000;
const OPEN: readonly Tally[] = ['open_notices', 'open_retries'];

interface Waiter {
  readonly reached: () => boolean;
  readonly resolve: () => void;
}

/** What the simulator did so far: calls by route, errors by code, notifications by outcome. */
export class Counters {
  readonly #waiters = new Set<Waiter>();
  #tallies = zeros();
  #calls = new Map<string, number>();
  #errors = new Map<string, number>();

  add(tally: Tally, by: number): void {
    this.#tallies[tally] += by;
    this.#wake();
  }

  /** Counts a call by method and route, for example `POST /v3/pay/transactions/jsapi`. */
  call(route: string): void {
    bump(this.#calls, route);
    this.#wake();
  }

  error(code: string): void {
    bump(this.#errors, code);
    this.#wake();
  }

  /** Forgets what is over; what is still open stays counted as open. */
  reset(): void {
    const kept = this.#tallies;
    this.#tallies = zeros();
    for (const name of OPEN) this.#tallies[name] = kept[name];
    this.#calls = new Map();
    this.#errors = new Map();
  }

  snapshot(): Record<string, unknown> {
    const { open_notices: openNotices, open_retries: openRetries, ...notifications } = this.#tallies;
    return { calls: Object.fromEntries(this.#calls), errors: Object.fromEntries(this.#errors), notifications, open_notices: openNotices, open_retries: openRetries };
  }

  /** A number by its name: one of the tallies, a route, an error code; `calls` and `errors` are the sums. What never happened is 0. */
  valueOf(name: string): number {
    if (isTally(name)) return this.#tallies[name];
    if (name === 'calls') return sum(this.#calls);
    if (name === 'errors') return sum(this.#errors);
    return this.#calls.get(name) ?? this.#errors.get(name) ?? 0;
  }

  /** Resolves true once the number is within the bounds, false after `timeoutMs` or when too many wait already. */
  wait(name: string, atLeast: number, atMost: number, timeoutMs: number): Promise<boolean> {
    const reached = (): boolean => this.valueOf(name) >= atLeast && this.valueOf(name) <= atMost;
    if (reached()) return Promise.resolve(true);
    if (this.#waiters.size >= MOST_WAITERS) return Promise.resolve(false);
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

  #wake(): void {
    for (const waiter of this.#waiters) if (waiter.reached()) waiter.resolve();
  }
}

function isTally(name: string): name is Tally {
  return TALLIES.some((tally) => tally === name);
}

function zeros(): Record<Tally, number> {
  return { sent: 0, accepted: 0, refused: 0, given_up: 0, dropped: 0, open_notices: 0, open_retries: 0 };
}

function bump(map: Map<string, number>, name: string): void {
  if (map.size < MOST_NAMES || map.has(name)) map.set(name, (map.get(name) ?? 0) + 1);
}

function sum(map: Map<string, number>): number {
  return [...map.values()].reduce((total, one) => total + one, 0);
}
