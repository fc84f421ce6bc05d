/** `word`: to be found; `allow`: a phrase that is innocent though it contains a listed word. */
export type EntryKind = 'word' | 'allow';

export const SEVERITIES = ['low', 'medium', 'high'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** What a list asks for where its word occurs. `answer`: a banned topic with a fixed reply. */
export const WORD_ACTIONS = ['label', 'review', 'mask', 'answer', 'block'] as const;
export type WordAction = (typeof WORD_ACTIONS)[number];

/** One line of a word list. */
export interface LexiconEntry {
  readonly kind: EntryKind;
  readonly text: string;
  readonly category: string;
  /** A tenant's allow-list does not cover a platform's word of severity `high`. */
  readonly severity: Severity;
  readonly action: WordAction;
  /** For `answer`: what the user is told; the policy's text unless given. */
  readonly reply?: string;
  /** Found in pinyin, too ("fa lun gong", "falungong", "法lun功"). */
  readonly pinyin: boolean;
}

/** A listed word that occurs in a text. Offsets are UTF-16 units of the text as it was written. */
export interface Hit {
  readonly entry: LexiconEntry;
  readonly from: number;
  readonly to: number;
  /** The list that it stands in. */
  readonly owner: 'platform' | 'tenant';
}
