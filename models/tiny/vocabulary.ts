/** Kinds of tokens in a SentencePiece vocabulary (`tokenizer.ggml.token_type`). */
const KIND = { normal: 1, unknown: 2, control: 3, byte: 6 } as const;
/** How SentencePiece writes a space. */
const SPACE = '\u2581';
const LETTERS = "etaoinshrdlucmfwypvbgkjqxzETAOINSHRDLUCMFWYPVBGKJQXZ0123456789.,!?'-:;()";

/** Ids that stand first. */
export const UNKNOWN_ID = 0;
export const BEGIN_ID = 1;
export const TURN_END_ID = 4;

/** The words that the tiny model knows. */
export interface Vocabulary {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
  readonly kinds: readonly number[];
  /** Ids of the sentence's words, in its order. */
  readonly sentence: readonly number[];
}

/**
 * Control tokens, the 256 bytes that SentencePiece falls back to, letters, and the words of one sentence; filled up with unused words to `size`.
 * @throws Error when a word stands twice: a word that follows itself in two places can't have two followers.
 */
export function makeVocabulary(sentence: string, size: number): Vocabulary {
  const tokens: string[] = [];
  const scores: number[] = [];
  const kinds: number[] = [];
  const add = (token: string, score: number, kind: number): number => {
    tokens.push(token);
    scores.push(score);
    kinds.push(kind);
    return tokens.length - 1;
  };
  add('<unk>', 0, KIND.unknown);
  for (const control of ['<s>', '</s>', '<|im_start|>', '<|im_end|>']) add(control, 0, KIND.control);
  for (let byte = 0; byte < 256; byte += 1) add(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, 0, KIND.byte);
  [...new Set([SPACE, ...LETTERS])].forEach((letter, index) => add(letter, -(index + 1), KIND.normal));
  const words = sentence.split(' ').filter((word) => word !== '');
  if (new Set(words).size !== words.length) throw new Error('no word of the sentence may stand twice');
  const chain = words.map((word) => add(SPACE + word, -1_000 - tokens.length, KIND.normal));
  while (tokens.length < size) add(`${SPACE}w${tokens.length}`, -9_000 - tokens.length, KIND.normal);
  return { tokens, scores, kinds, sentence: chain };
}
