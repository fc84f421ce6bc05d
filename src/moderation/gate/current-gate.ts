import { versionOf } from '../screening/local-judgement.js';
import type { Lexicon } from '../text/lexicon.js';
import { LocalGate } from './local-gate.js';
import type { WordGate, WordGateStep } from './output-gate.js';

/** The word gate of one answer, by the lists that hold when each of its chunks comes: an answer takes minutes, and words are listed meanwhile. */
export class CurrentGate implements WordGate {
  private readonly gate: LocalGate;

  /** @param newest the lists that hold now; undefined while they are not ready, and those before serve on. Asked before every chunk. */
  constructor(private lexicons: readonly Lexicon[], private readonly newest: () => readonly Lexicon[] | undefined) {
    this.gate = new LocalGate(lexicons);
  }

  /** Of the lists that the newest chunk was judged by. */
  get version(): string {
    return versionOf(this.lexicons);
  }

  push(chunk: string): WordGateStep {
    this.follow();
    return this.gate.push(chunk);
  }

  end(): WordGateStep {
    this.follow();
    return this.gate.end();
  }

  private follow(): void {
    const newest = this.newest();
    if (newest === undefined || areSame(newest, this.lexicons)) return;
    this.lexicons = newest;
    this.gate.renew(newest);
  }
}

/** A lexicon that was built again is the same where its version is. */
function areSame(ones: readonly Lexicon[], others: readonly Lexicon[]): boolean {
  return ones.length === others.length && ones.every(({ version }, at) => version === others[at]?.version);
}
