import { LRUCache } from 'lru-cache';

/** How long a refusal is repeated without asking the gate again. */
const REMEMBERED_MS = 250;

/** Remembers refusals for a moment, so that a flood past the bound costs neither Redis nor the database. */
export class Refusals {
  private readonly until = new LRUCache<string, { readonly retryAt: number }>({ max: 10_000, ttl: REMEMBERED_MS });

  note(key: string, retryMs: number): void {
    this.until.set(key, { retryAt: performance.now() + retryMs });
  }

  /** Ms until it is worth asking again; 0: now. */
  remaining(key: string): number {
    const entry = this.until.get(key);
    return entry === undefined ? 0 : Math.max(0, Math.ceil(entry.retryAt - performance.now()));
  }
}
