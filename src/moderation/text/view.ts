import { CodePoints } from './code-points.js';
import { Kind, baseAt, isBlank, kindOf, partsAt, unitAt } from './fold.js';
import { numeralValue } from './numerals.js';
import { LETTER_SYMBOLS } from './standing.js';

/**
 * What stands before a unit: nothing, one mark that joins (co-operate), marks that seldom separate, marks that do, the
 * border of two messages, or so much that nothing before it counts (also: the start).
 */
export const Gap = { none: 0, joiner: 1, soft: 2, clause: 3, seam: 4, start: 5 } as const;
export type Gap = (typeof Gap)[keyof typeof Gap];

/** Most units of a listed word: what the search must remember. */
export const MAX_UNITS = 120;
/** Units that a view remembers; a power of two above MAX_UNITS. */
const REMEMBERED = 256;
const LAST = REMEMBERED - 1;
/** Most marks that are seen between two characters of one word. A run of blanks is one, and what is not seen none: a reader reads over any number. */
export const MAX_GAP = 128;
/** Most code points between them, blanks each counted: what a gate holds back must end somewhere. */
export const MAX_BLANKS = 4_000;

/**
 * The last units of a text as the search sees it, each with its place in the text as it was written. Units of one code
 * point share its place.
 */
export class View {
  /** Units so far; unit `n` is remembered while `n >= count - 256`. */
  count = 0;
  private readonly baseAt = new Int32Array(REMEMBERED);
  private readonly fromAt = new Int32Array(REMEMBERED);
  private readonly toAt = new Int32Array(REMEMBERED);
  private readonly gapAt = new Uint8Array(REMEMBERED);
  private gap: Gap = Gap.start;
  /** Marks since the last unit, and code points that they are made of. */
  private skipped = 0;
  private skippedPoints = 0;
  private blank = false;
  private points = 0;

  base(index: number): number {
    return this.baseAt[index & LAST] ?? 0;
  }

  /** Offset of the code point that the unit comes from. */
  from(index: number): number {
    return this.fromAt[index & LAST] ?? 0;
  }

  /** Offset behind that code point. */
  to(index: number): number {
    return this.toAt[index & LAST] ?? 0;
  }

  gapBefore(index: number): Gap {
    return (this.gapAt[index & LAST] ?? 0) as Gap;
  }

  add(base: number, from: number, to: number): void {
    const slot = this.count & LAST;
    this.baseAt[slot] = base;
    this.fromAt[slot] = from;
    this.toAt[slot] = to;
    this.gapAt[slot] = this.gap;
    this.count += 1;
    this.gap = Gap.none;
    this.skipped = 0;
    this.skippedPoints = 0;
    this.blank = false;
    this.points = 0;
  }

  /** A code point that is no unit. True when it is one too many, and what came before is over. */
  skip(kind: Kind): boolean {
    if (kind === Kind.ignored) return false;
    this.widen(this.gapOf(kind));
    const blank = isBlank(kind);
    if (!blank || !this.blank) this.skipped += 1;
    this.blank = blank;
    this.skippedPoints += 1;
    if (this.gap === Gap.start || (this.skipped <= MAX_GAP && this.skippedPoints <= MAX_BLANKS)) return false;
    this.gap = Gap.start;
    return true;
  }

  /** Here one message ends and the next begins. */
  seam(): void {
    this.widen(Gap.seam);
  }

  /** Goes on from where another view is. */
  follow(other: View): void {
    this.baseAt.set(other.baseAt);
    this.fromAt.set(other.fromAt);
    this.toAt.set(other.toAt);
    this.gapAt.set(other.gapAt);
    this.count = other.count;
    this.gap = other.gap;
    this.skipped = other.skipped;
    this.skippedPoints = other.skippedPoints;
    this.blank = other.blank;
    this.points = other.points;
  }

  private widen(gap: Gap): void {
    if (gap > this.gap) this.gap = gap;
  }

  private gapOf(kind: Kind): Gap {
    if (kind === Kind.joiner) return this.skipped === 0 ? Gap.joiner : Gap.soft;
    if (kind !== Kind.point) return kind === Kind.clause || kind === Kind.line ? Gap.clause : Gap.soft;
    this.points += 1;
    return this.points > 1 ? Gap.clause : Gap.soft;
  }
}

/** The kind of gap that a symbol is where it is not meant as a letter: `!` and `(` separate, the others hardly. */
export function symbolGap(base: number): Kind {
  return base === 0x21 || base === 0x28 ? Kind.clause : Kind.soft;
}

/** One unit of a whole text's view. */
export interface ViewUnit {
  readonly unit: number;
  readonly base: number;
  readonly from: number;
  readonly to: number;
  readonly gap: Gap;
  /** A digit or a symbol, which may stand for a letter. */
  readonly weak: boolean;
}

/** The view of a whole text, symbols taken as letters where `symbolsAsLetters`. What words are compiled with, and tests look at. */
export function viewOf(text: string, symbolsAsLetters = false): readonly ViewUnit[] {
  const view = new View();
  const units: ViewUnit[] = [];
  const add = (unit: number, base: number, from: number, to: number): void => {
    view.add(base, from, to);
    units.push({ unit, base, from, to, gap: view.gapBefore(view.count - 1), weak: numeralValue(base) >= 0 || LETTER_SYMBOLS.has(base) });
  };
  const take = (codePoint: number, from: number, to: number): void => {
    const kind = kindOf(codePoint);
    if (kind === Kind.one || (kind === Kind.symbol && symbolsAsLetters)) add(unitAt(codePoint), baseAt(codePoint), from, to);
    else if (kind === Kind.many) for (const part of partsAt(codePoint)) add(part.unit, part.base, from, to);
    else view.skip(kind === Kind.symbol ? symbolGap(baseAt(codePoint)) : kind);
  };
  const points = new CodePoints();
  points.read(text, take);
  points.end(take);
  return units;
}
