const LOGGED = 50;

/** A call as it came in; the secret is never kept. */
export interface LoggedCall {
  readonly path: string;
  readonly at: string;
  readonly appid: string | undefined;
  readonly errcode: number | undefined;
}

/** What the simulator answered so far, by path and by error number; bounded. */
export class CallLog {
  #calls: Record<string, number> = {};
  #errors: Record<string, number> = {};
  #last: LoggedCall[] = [];

  add(call: LoggedCall): void {
    this.#calls[call.path] = (this.#calls[call.path] ?? 0) + 1;
    if (call.errcode !== undefined) this.#errors[call.errcode] = (this.#errors[call.errcode] ?? 0) + 1;
    this.#last.push(call);
    if (this.#last.length > LOGGED) this.#last.shift();
  }

  reset(): void {
    this.#calls = {};
    this.#errors = {};
    this.#last = [];
  }

  snapshot(): Record<string, unknown> {
    return { calls: this.#calls, errors: this.#errors, requests: this.#last };
  }
}
