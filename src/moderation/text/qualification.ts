import type { PatternTable } from './lexicon.js';
import { BASE, JOINT, Trait } from './pattern.js';
import { Standing, isAlphanumeric, standing } from './standing.js';
import { Gap, type View } from './view.js';

/**
 * Whether a word that the automaton met is meant. `edge`: if no Latin letter or digit follows at once; `island`: if
 * something that is no character follows, or the end; `last`: if no character follows at all.
 */
export const Meant = { no: 0, yes: 1, edge: 2, island: 3, last: 4 } as const;
export type Meant = (typeof Meant)[keyof typeof Meant];

/** A Latin phrase of this many letters is known without its spaces, too ("therapist" is not "the rapist"). */
const PHRASE_WITHOUT_SPACES = 16;
/** Of words with this many characters, the gaps tell whether they were taken apart on purpose. */
const TELLING = 3;
/** Of words with this many characters, half may be digits in place of letters; of shorter ones fewer than half ("A55" is a telephone). */
const ROBUST = 4;
/** Of words with this many letters a small L may be meant as an i: "CASlNO", but Walt does not wait. */
const LONG = 5;
const SMALL_L = 0x6c;

/** Letters that a part of a hyphenated word has at least: "e-mail" is not looked at. */
const PART = 2;

/** What stands between the characters of one find. */
interface Gaps {
  /** Within a syllable or a Latin word. */
  readonly inside: number;
  readonly joints: number;
  readonly emptyJoints: number;
  readonly empty: number;
  readonly soft: number;
  /** Of the soft ones those that are a single mark that joins. */
  readonly joiners: number;
  readonly clauses: number;
  /** Characters before the first of them, and of the shortest part between two. */
  readonly head: number;
  readonly shortest: number;
  readonly seam: boolean;
}

/** Judges the word whose last unit is unit `last` of the view, by itself and the units beside it. */
export function qualify(view: View, last: number, patterns: PatternTable, pattern: number): Meant {
  const start = patterns.starts[pattern] ?? 0;
  const length = (patterns.starts[pattern + 1] ?? 0) - start;
  const first = last - length + 1;
  const traits = patterns.traits[pattern] ?? 0;
  if (isAlphanumeric((patterns.cells[start] ?? 0) & BASE) && touches(view, first)) return Meant.no;
  const digits = digitsFor(view, first, patterns.cells, start, length, traits);
  if (digits < 0) return Meant.no;
  const gaps = gapsOf(view, first, patterns.cells, start, length);
  // "a=5, s=5" is arithmetic.
  if (digits > 0 && length < ROBUST && gaps.empty < length - 1) return Meant.no;
  // "89-64" is a result, and so is what digits make a word of: only letters are joined.
  if (digits === 0 && isHyphenated(gaps, traits)) return Meant.edge;
  const held = heldTogether(gaps, traits, length, patterns.characters[pattern] ?? 0, view.gapBefore(first) !== Gap.none);
  if (held !== Meant.yes) return held;
  return surest(patterns, pattern);
}

/** What a word may be at best: one that ends with a letter or a digit must not go on. */
export function surest(patterns: PatternTable, pattern: number): Meant {
  return isAlphanumeric((patterns.cells[(patterns.starts[pattern + 1] ?? 0) - 1] ?? 0) & BASE) ? Meant.edge : Meant.yes;
}

/** Whether a Latin letter or a digit stands at once before a unit. */
function touches(view: View, index: number): boolean {
  return index > 0 && view.gapBefore(index) === Gap.none && isAlphanumeric(view.base(index - 1));
}

/** How many letters of the word are written as digits, or as letters of another sound; -1 where the characters do not stand for the word at all. */
function digitsFor(view: View, first: number, cells: Int32Array, start: number, length: number, traits: number): number {
  const numeralsCount = length >= ROBUST || (traits & Trait.numeral) === 0;
  const most = (length >= ROBUST ? length : length - 1) >> 1;
  let [exact, digits] = [0, 0];
  for (let at = 0; at < length; at += 1) {
    const how = standing(view.base(first + at), (cells[start + at] ?? 0) & BASE);
    if (how === Standing.none || (how === Standing.numeral && !numeralsCount)) return -1;
    if (how === Standing.exact || how === Standing.numeral) exact += 1;
    if (how === Standing.loose && (length < LONG || isDoubled(view, first + at))) return -1;
    if (how === Standing.digit || how === Standing.loose) digits += 1;
    if (digits > most) return -1;
  }
  return exact > 0 ? digits : -1;
}

/** A second L makes another word: falling, not failing. */
function isDoubled(view: View, index: number): boolean {
  return (index > 0 && view.base(index - 1) === SMALL_L) || (index + 1 < view.count && view.base(index + 1) === SMALL_L);
}

function gapsOf(view: View, first: number, cells: Int32Array, start: number, length: number): Gaps {
  let [inside, joints, emptyJoints, empty, soft, joiners, clauses, seam] = [0, 0, 0, 0, 0, 0, 0, false];
  let [part, head, shortest] = [1, length, length];
  for (let at = 1; at < length; at += 1) {
    const gap = view.gapBefore(first + at);
    const joint = ((cells[start + at] ?? 0) & JOINT) !== 0;
    if (joint) joints += 1;
    if (gap !== Gap.none) [head, shortest] = [Math.min(head, at), Math.min(shortest, part)];
    part = gap === Gap.none ? part + 1 : 1;
    if (gap === Gap.seam) seam = true;
    else if (gap === Gap.none) {
      empty += 1;
      if (joint) emptyJoints += 1;
    } else {
      if (!joint) inside += 1;
      if (gap === Gap.clause) clauses += 1;
      else soft += 1;
      if (gap === Gap.joiner) joiners += 1;
    }
  }
  return { inside, joints, emptyJoints, empty, soft, joiners, clauses, head, shortest: Math.min(shortest, part), seam };
}

/** Whether the gaps of a find are such as somebody makes who means the word. `alone`: nothing stands at once before it. */
function heldTogether(gaps: Gaps, traits: number, length: number, characters: number, alone: boolean): Meant {
  if (gaps.seam && characters < TELLING) return alone ? Meant.island : Meant.last;
  if (gaps.empty === length - 1) return gaps.joints > 0 && (traits & (Trait.han | Trait.pinyin)) === 0 && length < PHRASE_WITHOUT_SPACES ? Meant.no : Meant.yes;
  return (traits & Trait.han) !== 0 ? heldHan(gaps, traits, characters, alone) : heldLatin(gaps, traits, length, characters);
}

function heldHan(gaps: Gaps, traits: number, characters: number, alone: boolean): Meant {
  const spread = characters >= TELLING && gaps.empty === 0;
  if ((traits & Trait.pinyin) !== 0 && gaps.soft + gaps.clauses > 0) return spread ? Meant.yes : Meant.no;
  if (gaps.clauses === 0 || spread) return Meant.yes;
  // Four characters in a row are seldom there by chance, whatever stands between two of them.
  if (characters >= ROBUST) return Meant.yes;
  // Two characters with a comma between them are a word only where they stand alone: not in 拿着枪，支持.
  if (characters < TELLING) return alone ? Meant.island : Meant.no;
  // Of what is most severe three in a row do: whoever lists 法轮功 so wants 法轮，功 found, and bears 转法轮，功德无量.
  if ((traits & Trait.severe) !== 0) return Meant.yes;
  // Of other words the character that was cut off must be cut off on both sides: nobody says that. Not in 那一夜，情绪低落.
  if (gaps.head > 1) return Meant.island;
  return alone ? Meant.yes : Meant.no;
}

/** A Latin word with hyphens or the like in it, where no part is a single letter: co-caine. */
function isHyphenated(gaps: Gaps, traits: number): boolean {
  const latin = (traits & (Trait.han | Trait.pinyin | Trait.numeral)) === 0;
  return latin && gaps.inside > 0 && gaps.emptyJoints === 0 && !gaps.seam && gaps.clauses === 0 && gaps.soft === gaps.joiners && gaps.shortest >= PART;
}

function heldLatin(gaps: Gaps, traits: number, length: number, characters: number): Meant {
  if (gaps.inside > 0) return gaps.empty === 0 && length >= TELLING ? Meant.yes : Meant.no;
  if ((traits & Trait.pinyin) !== 0) return gaps.clauses === 0 || (gaps.emptyJoints === 0 && characters >= TELLING) ? Meant.yes : Meant.no;
  return gaps.emptyJoints === 0 || length >= PHRASE_WITHOUT_SPACES ? Meant.yes : Meant.no;
}
