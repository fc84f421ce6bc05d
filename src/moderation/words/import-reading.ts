import { MOST_ALIKE, lookOf } from '../text/pattern.js';
import type { WordLine } from './word-file.js';
import { wordFault, type WordDraft } from './word-list.js';

/** Bad lines that a report names; the others are counted. */
const MOST_NAMED = 100;

export interface BadLine {
  readonly line: number;
  /** What is wrong with it. */
  readonly fault: string;
}

/** What the lines of a file came to: each word once, and the lines that could not be used. */
export class ImportReading {
  private readonly byText = new Map<string, { readonly line: number; readonly draft: WordDraft }>();
  /** How many words look the same to the search. */
  private readonly byLook = new Map<string, number>();
  private readonly named: BadLine[] = [];
  private bad = 0;

  /** @returns how many words there are now. */
  take(line: WordLine): number {
    if ('fault' in line) this.refuse(line.line, line.fault);
    else this.keep(line.line, line.draft);
    return this.byText.size;
  }

  get drafts(): readonly WordDraft[] {
    return [...this.byText.values()].map(({ draft }) => draft);
  }

  get badLines(): number {
    return this.bad;
  }

  get firstBadLines(): readonly BadLine[] {
    return this.named;
  }

  private keep(line: number, draft: WordDraft): void {
    const fault = wordFault(draft.text);
    const before = this.byText.get(draft.text);
    const look = lookOf(draft.text);
    const alike = this.byLook.get(look) ?? 0;
    if (fault !== undefined) this.refuse(line, fault);
    else if (before !== undefined) this.refuse(line, `the word stands in line ${before.line} already`);
    else if (alike >= MOST_ALIKE) this.refuse(line, `${MOST_ALIKE} words that are found alike stand in the file already`);
    else {
      this.byText.set(draft.text, { line, draft });
      this.byLook.set(look, alike + 1);
    }
  }

  private refuse(line: number, fault: string): void {
    this.bad += 1;
    if (this.named.length < MOST_NAMED) this.named.push({ line, fault });
  }
}
