import { MOST_TWINS } from './automaton.js';
import type { LexiconEntry } from './lexicon-entry.js';
import { isAlphanumeric } from './standing.js';
import { numeralValue } from './numerals.js';
import { MAX_UNITS, viewOf, type ViewUnit, Gap } from './view.js';

/** Marks a character before which the word itself has a border: another Han character, a syllable, a space. */
export const JOINT = 1 << 24;
/** Takes the character from a cell. */
export const BASE = JOINT - 1;

/** `han`: not only Latin letters and digits. `pinyin`: spelt, at least in part. `numeral`: nothing but digits, in whatever script. `severe`: of severity `high`. */
export const Trait = { han: 1, pinyin: 2, numeral: 4, severe: 8 } as const;

/** One way to write a word. */
export interface Pattern {
  readonly units: readonly number[];
  /** Character by character; see JOINT. */
  readonly cells: readonly number[];
  readonly traits: number;
  /** Characters as a reader counts them: a syllable of pinyin is one, and so is a letter that isn't pinyin. */
  readonly characters: number;
}

/** Spells Han characters: one syllable a character, with the number of its tone behind it (qiang1; 0 for none). */
export type Spelling = (characters: string) => readonly string[];

export const ENTRY_FAULTS = ['empty', 'too_short', 'too_long'] as const;
/** Why a line can't be searched for. `empty`: nothing is left but punctuation; `too_short`: one letter or digit; `too_long`: more than 120 letters. */
export type EntryFault = (typeof ENTRY_FAULTS)[number];

/** Most Han characters of a word that is also looked for half in Han and half in pinyin: their number doubles with each. */
const MIXED_MOST = 4;
/** A word of fewer letters in pinyin is every second syllable of some other. */
const PINYIN_LETTERS = 6;
const PINYIN_SYLLABLES = 2;
const HAN = /^\p{Script=Han}$/u;

interface Character {
  readonly seen: readonly ViewUnit[];
  /** The entry has a space or mark before it. */
  readonly apart: boolean;
}

/** Most lines that look alike to the search, such as `Word`, `w0rd` and `w o r d`: it would meet all of them at once. */
export const MOST_ALIKE = MOST_TWINS;

/** The same text for lines that look alike to the search. */
export function lookOf(text: string): string {
  return String.fromCodePoint(...viewOf(text).map(({ unit }) => unit));
}

/** What is wrong with a line of a word list; nothing when it can be searched for. */
export function entryFault(entry: Pick<LexiconEntry, 'text'>): EntryFault | undefined {
  const units = viewOf(entry.text);
  const [only] = units;
  if (only === undefined) return 'empty';
  if (units.length > MAX_UNITS) return 'too_long';
  return units.length === 1 && (isAlphanumeric(plain(only.base)) || numeralValue(only.base) >= 0) ? 'too_short' : undefined;
}

/** All ways to write the word of a faultless entry. */
export function patternsOf(entry: LexiconEntry, spelling?: Spelling): readonly Pattern[] {
  const characters = viewOf(entry.text).map((unit) => ({ seen: [unit], apart: unit.gap !== Gap.none }));
  const written = compose(characters, 0);
  const patterns = entry.pinyin && spelling !== undefined ? [written, ...spelt(characters, spelling)] : [written];
  return entry.severity === 'high' ? patterns.map((pattern) => ({ ...pattern, traits: pattern.traits | Trait.severe })) : patterns;
}

function spelt(characters: readonly Character[], spelling: Spelling): readonly Pattern[] {
  const han = characters.flatMap(({ seen }, index) => (HAN.test(String.fromCodePoint(seen[0]?.base ?? 0)) ? [index] : []));
  const numbered = spelling(han.map((index) => String.fromCodePoint(characters[index]?.seen[0]?.base ?? 0)).join('')).map((syllable) => syllable.replace(/0$/u, ''));
  if (han.length === 0 || numbered.length !== han.length) return [];
  const bare = numbered.map((syllable) => syllable.replace(/\d$/u, ''));
  const spell = (chosen: (nth: number) => boolean, syllables = bare): Pattern => compose(characters.map((character, index) => {
    const nth = han.indexOf(index);
    return nth >= 0 && chosen(nth) ? { seen: viewOf(syllables[nth] ?? ''), apart: character.apart } : character;
  }), Trait.pinyin);
  const mixed = han.length > MIXED_MOST ? [] : Array.from({ length: Math.max(0, 2 ** han.length - 2) }, (_, at) => spell((nth) => ((at + 1) >> nth) % 2 === 1));
  const whole = spell(() => true);
  const enough = characters.length >= PINYIN_SYLLABLES && whole.units.length >= PINYIN_LETTERS;
  return [...mixed, ...(enough ? [whole, spell(() => true, numbered)] : [])].filter((pattern) => pattern.units.length <= MAX_UNITS);
}

function compose(characters: readonly Character[], traits: number): Pattern {
  const seen = characters.flatMap((character) => character.seen);
  const cells = characters.flatMap((character, index) => character.seen.map((unit, at) => plain(unit.base) | (at === 0 && isJoint(characters[index - 1], character, traits) ? JOINT : 0)));
  const bases = cells.map((cell) => cell & BASE);
  const han = bases.every(isAlphanumeric) ? 0 : Trait.han;
  const numeral = bases.every((base) => numeralValue(base) >= 0) ? Trait.numeral : 0;
  return { units: seen.map((unit) => unit.unit), cells, traits: traits | han | numeral, characters: characters.length };
}

function isJoint(before: Character | undefined, character: Character, traits: number): boolean {
  if (before === undefined) return false;
  if (character.apart || traits === Trait.pinyin) return true;
  return ![before, character].every(({ seen }) => seen.every((unit) => isAlphanumeric(plain(unit.base))));
}

/** Lists write capitals as they like: a capital I is an i. */
function plain(base: number): number {
  return base === 0x49 ? 0x69 : base;
}
