import { stops } from '../text/hit-order.js';
import type { Hit } from '../text/lexicon-entry.js';
import type { Lexicon } from '../text/lexicon.js';
import { masked } from '../text/scan.js';
import { Search } from '../text/search.js';
import { MOST_TAIL, tailOf } from '../text/tail.js';

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
  private search: Search;
  private held = '';
  private heldFrom = 0;
  /** The end of what was released, as the model wrote it. */
  private passed = '';
  /** Where the lists changed: what lies before it was judged by others. */
  private border = 0;
  /** Finds that were given out and reach into what is held. */
  private recent: Hit[] = [];
  private closed = false;

  constructor(lexicons: readonly Lexicon[]) {
    this.search = new Search(lexicons);
  }

  /** Code units that are held back. */
  get holds(): number {
    return this.held.length;
  }

  /** From here on other lists hold. What was released stays; of a word that begins in it the rest is not. */
  renew(lexicons: readonly Lexicon[]): void {
    if (this.closed) return;
    const context = tailOf(this.passed);
    this.border = this.heldFrom;
    this.search = new Search(lexicons, this.heldFrom - context.length);
    this.search.push(context);
    this.search.push(this.held);
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

  private step(found: readonly Hit[], horizon: number): GateStep {
    const settled = this.behindBorder(found);
    const stop = settled.findIndex(stops);
    const hits = stop < 0 ? settled : settled.slice(0, stop);
    const violation = settled[stop];
    this.recent = [...this.recent, ...hits];
    const released = this.release(violation === undefined ? horizon : violation.from);
    if (violation === undefined) return { released, hits };
    this.close();
    return { released, hits, violation };
  }

  /** A word that a search finds again was told of before; one that begins in what was shown begins where the lists changed. */
  private behindBorder(found: readonly Hit[]): readonly Hit[] {
    if (found.every(({ from }) => from >= this.border)) return found;
    const news = found.filter((hit) => hit.from >= this.border || (hit.to > this.border && !this.recent.some((each) => isSame(each, hit))));
    return news.map((hit) => (hit.from < this.border ? { ...hit, from: this.border } : hit));
  }

  /** @param until may lie before what is held: a word that begins in what was shown may still end. */
  private release(until: number): string {
    const length = Math.max(0, until - this.heldFrom);
    const text = this.held.slice(0, length);
    const masks = this.recent.filter((hit) => hit.entry.action === 'mask');
    const spans = masks.map((hit) => ({ from: Math.max(0, hit.from - this.heldFrom), to: hit.to - this.heldFrom }));
    this.held = this.held.slice(length);
    this.heldFrom += length;
    this.recent = this.recent.filter((hit) => hit.to > this.heldFrom);
    this.remember(text);
    return masked(text, spans.filter((span) => span.from < length));
  }

  private remember(text: string): void {
    this.passed += text;
    if (this.passed.length > 2 * MOST_TAIL) this.passed = this.passed.slice(-MOST_TAIL);
  }

  private close(): void {
    this.closed = true;
    this.held = '';
    this.passed = '';
    this.recent = [];
  }
}

function isSame(one: Hit, other: Hit): boolean {
  return one.to === other.to && one.owner === other.owner && one.entry.text === other.entry.text && one.entry.action === other.entry.action;
}
