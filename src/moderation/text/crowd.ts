import { WORD_ACTIONS, type LexiconEntry } from './lexicon-entry.js';
import { Meant } from './qualification.js';

/** Units of words that are looked at one by one where they end at the same place; ordinary lists never have so many. */
const PATIENCE = 128;
const CLASSES = 1 + WORD_ACTIONS.length * 2;

/**
 * The words of one list that end at one place of a text, longest first. A list may have a word in a word in a word, a
 * hundred times: then, of what asks for the same, whatever is shorter than a find that is at least as sure says nothing
 * new. It would end the answer later, cover less, and be excused by the same phrases.
 */
export class Crowd {
  private spent = 0;
  /** How sure the longest finds are, by what they ask for. */
  private readonly best = new Uint8Array(CLASSES);

  /** Another place, or another list. */
  begin(): void {
    if (this.spent === 0) return;
    this.spent = 0;
    this.best.fill(0);
  }

  /** Whether this word is worth a look. @param length its units @param surest what it may be at best */
  wants(entry: LexiconEntry, length: number, surest: Meant): boolean {
    if (this.spent > PATIENCE) return (this.best[classOf(entry)] ?? 0) < rankOf(surest);
    this.spent += length;
    return true;
  }

  /** Whether this find says something new. */
  takes(entry: LexiconEntry, meant: Meant): boolean {
    const at = classOf(entry);
    const [rank, best] = [rankOf(meant), this.best[at] ?? 0];
    this.best[at] = Math.max(rank, best);
    return this.spent <= PATIENCE || rank > best;
  }
}

/** What an entry asks for, and what may excuse it. */
function classOf({ kind, action, severity }: LexiconEntry): number {
  return kind === 'allow' ? 0 : 1 + WORD_ACTIONS.indexOf(action) * 2 + (severity === 'high' ? 1 : 0);
}

/** Where the stricter of two conditions is fulfilled, so is the other: the surer has the higher rank. */
function rankOf(meant: Meant): number {
  return meant === Meant.no ? 0 : Meant.last + 1 - meant;
}
