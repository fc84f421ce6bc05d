import { createHash } from 'node:crypto';
import { KeyCounters } from './key-counters.js';
import { KeyLimiter } from './key-limiter.js';
import type { KeySchedule } from './key-behaviour.js';
import type { Limits } from './limits.js';

/** One API key: what is granted to it, how it is answered, and what it has done. */
export class KeyAccount {
  /** The Bearer token; empty = requests without one. */
  readonly key: string;
  readonly limiter = new KeyLimiter();
  readonly counters = new KeyCounters();
  /** Its own; undefined = those of all keys. */
  limits: Limits | undefined;
  schedule: KeySchedule | undefined;
  /** Whether the control endpoint has named it. */
  #known = false;
  #digest: string | undefined;

  constructor(key: string) {
    this.key = key;
  }

  /** Its name in what the control endpoint shows: as it is where the control endpoint was told it, else a digest, for it might be a real one. */
  get shownAs(): string {
    if (this.#known) return this.key;
    if (this.key === '') return '(none)';
    return (this.#digest ??= `sha256:${createHash('sha256').update(this.key).digest('hex').slice(0, 12)}`);
  }

  /** Whoever asks knows the key already. */
  makeKnown(): this {
    this.#known = this.key !== '';
    return this;
  }

  /** Whether nothing would be lost without it. */
  get idle(): boolean {
    return this.limits === undefined && this.schedule === undefined && this.limiter.open === 0;
  }
}
