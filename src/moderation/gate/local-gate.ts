import { stops } from '../text/hit-order.js';
import type { Hit } from '../text/lexicon-entry.js';
import type { Lexicon } from '../text/lexicon.js';
import { masked } from '../text/scan.js';
import { Search } from '../text/search.js';

/** What one chunk came to. */
export interface GateStep {
  /** May be shown now; words to be masked are covered. */
  readonly released: string;
  /** Finds that are sure now and don't end the answer (label, review, mask), in order. */
  readonly hits: readonly Hit[];
  /** The first word that ends the answer. Nothing is released after the text before it. */
  readonly violation?: Hit;
}

const NOTHING: GateStep = { released: '', hits: [] };

/**
 * Lets an answer through as far as word lists allow, chunk by chunk. What it releases is what judging the whole text
 * would leave, whatever the cuts: it holds back only what may still become a listed word, is waiting for the character
 * behind it, or may still be excused by an allowed phrase.
 */
export class LocalGate {
  private readonly search: Search;
  private held = '';
  private heldFrom = 0;
  private masks: Hit[] = [];
  private closed = false;

  constructor(lexicons: readonly Lexicon[]) {
    this.search = new Search(lexicons);
  }

  /** Code units that are held back. */
  get holds(): number {
    return this.held.length;
  }

  push(chunk: string): GateStep {
    if (this.closed) return NOTHING;
    this.held += chunk;
    this.search.push(chunk);
    return this.step(this.search.settled(), this.search.horizon);
  }

  /** The answer is over: everything is decided now. */
  end(): GateStep {
    if (this.closed) return NOTHING;
    const step = this.step(this.search.end(), this.heldFrom + this.held.length);
    this.close();
    return step;
  }

  private step(settled: readonly Hit[], horizon: number): GateStep {
    const stop = settled.findIndex(stops);
    const hits = stop < 0 ? settled : settled.slice(0, stop);
    const violation = settled[stop];
    this.masks.push(...hits.filter((hit) => hit.entry.action === 'mask'));
    const released = this.release(violation === undefined ? horizon : violation.from);
    if (violation === undefined) return { released, hits };
    this.close();
    return { released, hits, violation };
  }

  private release(until: number): string {
    const length = until - this.heldFrom;
    const text = this.held.slice(0, length);
    const spans = this.masks.map((hit) => ({ from: Math.max(0, hit.from - this.heldFrom), to: hit.to - this.heldFrom }));
    this.masks = this.masks.filter((hit) => hit.to > until);
    this.held = this.held.slice(length);
    this.heldFrom = until;
    return masked(text, spans.filter((span) => span.from < length));
  }

  private close(): void {
    this.closed = true;
    this.held = '';
    this.masks = [];
  }
}
