import { Waiters } from './waiters.js';

const SHOWN = 50;
const KEPT = 1_000;
const MOST_TALLIES = 50_000;
const LONGEST_BODY = 16_384;

/** A call as it came in; the secret is never kept. */
export interface LoggedCall {
  readonly path: string;
  readonly at: string;
  readonly appid: string | undefined;
  readonly errcode: number | undefined;
  /** The body of a call with a token; a long one is cut to text. */
  readonly asked?: unknown;
}

interface Tally {
  calls: number;
  errors: Record<string, number>;
}

/** What the simulator answered so far, by path, by app and by error number; bounded. */
export class CallLog {
  readonly #waiters = new Waiters();
  readonly #tallies = new Map<string, Tally>();
  #calls: Record<string, number> = {};
  #errors: Record<string, number> = {};
  #last: LoggedCall[] = [];

  add(call: LoggedCall): void {
    this.#calls[call.path] = (this.#calls[call.path] ?? 0) + 1;
    if (call.errcode !== undefined) this.#errors[call.errcode] = (this.#errors[call.errcode] ?? 0) + 1;
    this.#last.push(call.asked === undefined ? call : { ...call, asked: clip(call.asked) });
    if (this.#last.length > KEPT) this.#last.shift();
    this.#count(call);
    this.#waiters.wake();
  }

  reset(): void {
    this.#calls = {};
    this.#errors = {};
    this.#last = [];
    this.#tallies.clear();
  }

  snapshot(): Record<string, unknown> {
    return { calls: this.#calls, errors: this.#errors, requests: this.#last.slice(-SHOWN).map(({ asked: _, ...call }) => call) };
  }

  /** What one app called on one path: how often, with which errors (0 is success), and the newest of the last 1,000 calls with their bodies. */
  of(appid: string, path: string): Record<string, unknown> {
    const { calls, errors } = this.#tallies.get(keyOf(appid, path)) ?? { calls: 0, errors: {} };
    const last = this.#last.filter((call) => call.appid === appid && call.path === path).slice(-SHOWN);
    return { calls, errors, last: last.map(({ at, errcode, asked }) => ({ at, errcode, asked })) };
  }

  /** Resolves once an app called a path that often; false when it did not within `timeoutMs`. */
  wait(appid: string, path: string, atLeast: number, timeoutMs: number): Promise<boolean> {
    return this.#waiters.wait(() => (this.#tallies.get(keyOf(appid, path))?.calls ?? 0) >= atLeast, timeoutMs);
  }

  #count({ appid, path, errcode }: LoggedCall): void {
    if (appid === undefined) return;
    const key = keyOf(appid, path);
    let tally = this.#tallies.get(key);
    if (!tally) {
      if (this.#tallies.size >= MOST_TALLIES) return;
      this.#tallies.set(key, (tally = { calls: 0, errors: {} }));
    }
    tally.calls += 1;
    if (errcode !== undefined) tally.errors[errcode] = (tally.errors[errcode] ?? 0) + 1;
  }
}

function keyOf(appid: string, path: string): string {
  return `${appid} ${path}`;
}

function clip(body: unknown): unknown {
  const text = JSON.stringify(body);
  return text.length > LONGEST_BODY ? text.slice(0, LONGEST_BODY) : body;
}
