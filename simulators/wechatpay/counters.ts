/** What was asked and answered so far. */
export class Counters {
  #calls: Record<string, number> = {};
  #errors: Record<string, number> = {};

  call(method: string, path: string): void {
    const name = `${method} ${path.replace(/\/(out-trade-no|id|refunds)\/[^/]+/u, '/$1/{no}')}`;
    this.#calls[name] = (this.#calls[name] ?? 0) + 1;
  }

  error(code: string): void {
    this.#errors[code] = (this.#errors[code] ?? 0) + 1;
  }

  snapshot(): { calls: Record<string, number>; errors: Record<string, number> } {
    return { calls: { ...this.#calls }, errors: { ...this.#errors } };
  }

  reset(): void {
    this.#calls = {};
    this.#errors = {};
  }
}
