import { numeralValue } from './numerals.js';

/** How well a character of a text stands for one of a listed word. `loose`: in long words only. */
export const Standing = { exact: 0, numeral: 1, drawn: 2, digit: 3, loose: 4, none: 5 } as const;
export type Standing = (typeof Standing)[keyof typeof Standing];

const code = (character: string): number => character.codePointAt(0) ?? 0;
const [SMALL_I, SMALL_L, CAPITAL_I, SMALL_O, SMALL_U, SMALL_V, HAN_ZERO] = ['i', 'l', 'I', 'o', 'u', 'v', '〇'].map(code);

/** The letter that characters which may stand for each other share. */
const CLASSES = ['ilI1|!¡£', 'o0', 'z2', 'e3€', 'a4@', 's5$', 'b68', 't7+', 'gq9', 'uv', 'c(', 'y¥'];
const CLASS_OF: ReadonlyMap<number, number> = new Map(CLASSES.flatMap((members) => [...members].map((member) => [code(member), code(members)] as const)));

/** Symbols that may be meant as a letter, or may merely stand between two characters. */
export const LETTER_SYMBOLS: ReadonlySet<number> = new Set([...'|!¡£€@$+(¥'].map(code));

/** What the automaton sees of a character: one value for all that may stand for each other, numerals by their digit. */
export function unitOf(base: number): number {
  const value = numeralValue(base);
  const digit = value < 0 ? base : value + 0x30;
  return CLASS_OF.get(digit) ?? digit;
}

/** A Latin letter or an ASCII digit: what must not touch the edge of a Latin word. */
export function isAlphanumeric(base: number): boolean {
  return (base >= 0x61 && base <= 0x7a) || (base >= 0x30 && base <= 0x39) || base === CAPITAL_I;
}

/**
 * How `text` stands for `word`, two characters of the same unit. Digits and symbols stand for letters (s3x, a$$), but
 * letters hardly for digits: "3P" is not meant by "EP".
 */
export function standing(text: number, word: number): Standing {
  if (text === word) return Standing.exact;
  const [said, meant] = [numeralValue(text), numeralValue(word)];
  if (meant >= 0) return said >= 0 ? (said === meant ? Standing.numeral : Standing.none) : letterForDigit(text, meant);
  if (said >= 0) return text < 0x80 || text === HAN_ZERO ? Standing.digit : Standing.none;
  if (LETTER_SYMBOLS.has(text)) return Standing.drawn;
  return letterForLetter(text, word);
}

function letterForDigit(text: number, value: number): Standing {
  if (value === 0) return text === SMALL_O ? Standing.digit : Standing.none;
  return value === 1 && (text === SMALL_L || text === SMALL_I || text === CAPITAL_I) ? Standing.digit : Standing.none;
}

function letterForLetter(text: number, word: number): Standing {
  if (text === CAPITAL_I) return word === SMALL_I ? Standing.exact : word === SMALL_L ? Standing.drawn : Standing.none;
  // CASlNO, whose case nobody knows here: a small L is drawn like a capital I, but is a letter of its own in most words.
  if (text === SMALL_L && word === SMALL_I) return Standing.loose;
  return (text === SMALL_V && word === SMALL_U) || (text === SMALL_U && word === SMALL_V) ? Standing.drawn : Standing.none;
}
