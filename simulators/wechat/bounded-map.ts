/** A map that holds so many entries at most: the oldest gives way to a new one. What is set again is new. */
export class BoundedMap<Value> {
  readonly #most: number;
  readonly #entries = new Map<string, Value>();

  /** `most` is 1 or more. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Sets an entry. @returns the key of the one that gave way. */
  set(key: string, value: Value): string | undefined {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#most) return undefined;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
    return oldest;
  }

  /** The value; undefined where there is none, or none any more. Reading makes nothing younger. */
  get(key: string): Value | undefined {
    return this.#entries.get(key);
  }

  /** Whether there is such an entry, be its value undefined. */
  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** Forgets an entry, if there is one. */
  delete(key: string): void {
    this.#entries.delete(key);
  }

  /** Forgets all. */
  clear(): void {
    this.#entries.clear();
  }

  /** All values, oldest first. */
  values(): Value[] {
    return [...this.#entries.values()];
  }
}
