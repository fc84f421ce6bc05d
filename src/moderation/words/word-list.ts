import type { EntryKind, LexiconEntry, Severity, WordAction } from '../text/lexicon-entry.js';
import { entryFault } from '../text/pattern.js';

/** Lists of one owner (the platform, or a tenant). */
export const MOST_LISTS = 50;
/** Words in all lists of one owner together: what one process can be asked to hold for it. */
export const MOST_WORDS = 100_000;

export const ENTRY_KINDS = ['word', 'allow'] as const satisfies readonly EntryKind[];

export interface WordListDraft {
  readonly name: string;
  /** What its words are about; the label of a verdict. */
  readonly category: string;
  /** For words that have none of their own, as is `action`. */
  readonly severity: Severity;
  readonly action: WordAction;
  /** false: kept, and nothing is searched for. */
  readonly enabled: boolean;
}

/** Only what is given changes. */
export type WordListChange = { readonly [Field in keyof WordListDraft]: WordListDraft[Field] | undefined };

export interface WordList extends WordListDraft {
  readonly id: string;
  /** Grows with every change of the list or of a word in it. */
  readonly version: bigint;
  readonly wordCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface WordDraft {
  readonly text: string;
  readonly kind: EntryKind;
  /** undefined, here and below: as the list says. */
  readonly category: string | undefined;
  readonly severity: Severity | undefined;
  readonly action: WordAction | undefined;
  /** For the action `answer`; undefined: the policy's text. */
  readonly reply: string | undefined;
  readonly pinyin: boolean;
}

export interface Word extends WordDraft {
  readonly id: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type ListName = Pick<WordList, 'id' | 'name'>;

/** A word as texts are searched for it, with the list that it stands in. */
export interface ListedEntry extends LexiconEntry {
  readonly list: ListName;
}

/** The list that an entry was made from; undefined: from none. */
export function listOf(entry: LexiconEntry): ListName | undefined {
  return 'list' in entry ? (entry as ListedEntry).list : undefined;
}

/** Texts that PostgreSQL holds and a person can read; lengths in characters (code points), blanks at the ends not counted in. */
export const WORD_TEXT = /^(?!\s)[^\p{Cc}\p{Cs}]{1,100}(?<!\s)$/u;
export const CATEGORY = /^(?!\s)[^\p{Cc}\p{Cs}]{1,40}(?<!\s)$/u;
/** May have several lines. */
export const REPLY = /^(?=[^]*\S)(?:[^\p{Cc}\p{Cs}]|\n){1,500}$/u;

/** The word with all that its list says for it. */
export function entryOf(word: WordDraft, list: Pick<WordList, 'id' | 'name' | 'category' | 'severity' | 'action'>): ListedEntry {
  const { kind, text, category = list.category, severity = list.severity, action = list.action, reply, pinyin } = word;
  return { kind, text, category, severity, action, pinyin, list, ...(reply === undefined ? {} : { reply }) };
}

const FAULTS = {
  empty: 'text must have more than blanks and punctuation',
  too_short: 'text must be more than one letter or digit',
  too_long: 'text must have at most 120 letters',
} as const;

/** Why texts can't be searched for this one. */
export function wordFault(text: string): string | undefined {
  const fault = entryFault({ text });
  return fault === undefined ? undefined : FAULTS[fault];
}
