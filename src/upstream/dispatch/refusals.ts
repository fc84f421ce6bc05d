import { LRUCache } from 'lru-cache';

/** How long a refusal is repeated without asking the gate again. */
const REMEMBERED_MS = 250;

/** Refusals that are remembered at once; beyond it the oldest is asked of the gate again. */
const MOST = 10_000;

/**
 * Remembers refusals for a moment, so that a flood past the bound costs neither Redis nor the database. Each is for
 * who was refused: the gate's bounds depend on the tier, and its places on who asks.
 */
export class Refusals {
  private readonly until = new LRUCache<string, { readonly retryAt: number }>({ max: MOST, ttl: REMEMBERED_MS });

  /** @param asker tenant, tier, flow and model in one. */
  note(asker: string, retryMs: number): void {
    this.until.set(asker, { retryAt: performance.now() + retryMs });
  }

  /** Ms until it is worth asking again; 0: now. */
  remaining(asker: string): number {
    const entry = this.until.get(asker);
    return entry === undefined ? 0 : Math.max(0, Math.ceil(entry.retryAt - performance.now()));
  }
}
