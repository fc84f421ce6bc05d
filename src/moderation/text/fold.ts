import { Converter } from 'opencc-js/t2cn';
import { LOOK_ALIKES } from './look-alikes.js';
import { LETTER_SYMBOLS, unitOf } from './standing.js';

/**
 * What a code point is to the search. `ignored`: not there at all (zero-width characters, combining marks). `soft`:
 * stands between two characters and seldom separates what is said (space, `#`, emoji). `joiner`: the same, and alone it
 * joins what makes one word (hyphens, `_`, `*`). `clause`: separates. `blank`, `line`: soft and clause that show nothing
 * (spaces, ends of lines), so that many in a row look like one.
 * `point`: a full stop of ASCII, soft alone and a clause when repeated. `symbol`: soft, unless meant as a letter.
 * `one`, `many`: seen as one or more units.
 */
export const Kind = { unknown: 0, ignored: 1, soft: 2, clause: 3, point: 4, symbol: 5, one: 6, many: 7, joiner: 8, blank: 9, line: 10 } as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

/** What one code point became: `base` for what it is, `unit` for what the automaton sees (see `standing.ts`). */
export interface Part {
  readonly unit: number;
  readonly base: number;
}

/** Planes 0 and 1 have flat tables, filled as code points are met: whoever meets them all pays some 150 ms, once. */
const TABLE = 0x20000;
const kinds = new Uint8Array(TABLE);
const units = new Int32Array(TABLE);
const bases = new Int32Array(TABLE);
const expansions = new Map<number, readonly Part[]>();

const simplified = Converter({ from: 't', to: 'cn' });

const IGNORED = /^[\p{Default_Ignorable_Code_Point}\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u;
/** Also the empty pattern of Braille, which is no space to Unicode. */
const BLANK = /^[\t\p{Zs}\u2800]$/u;
const SEEN = /^[\p{L}\p{N}\p{Mc}\u3099\u309a]$/u;
const LINE = /^[\n\v\f\r\u0085\u2028\u2029]$/u;
/** Marks that end or begin what is said: between the characters of two-character words they mean nothing. */
const CLAUSE = /^[,;:!?~，。！？；：、…‥—―～〜｡､﹐﹑﹒﹔﹕﹖﹗︰｜\p{Ps}\p{Pe}\p{Pi}\p{Pf}"＂'＇]$/u;

/** Not the apostrophe: "he'll" is no other word. */
const JOINER = /^[-‐‑‒–−_*·•‧・]$/u;

const REGIONAL_A = 0x1f1e6;
/** Letters in circles and squares, which have no decomposition. */
const FRAMED: readonly (readonly [number, number])[] = [[0x1f150, 26], [0x1f170, 26], [REGIONAL_A, 26]];

/** The kind of a code point. Depends on nothing but the code point, so that no view depends on how a text was cut. */
export function kindOf(codePoint: number): Kind {
  if (codePoint >= TABLE) return kindBeyond(codePoint);
  const known = kinds[codePoint] as Kind;
  return known === Kind.unknown ? learn(codePoint) : known;
}

/** Whether a code point of this kind shows nothing but that something is apart. */
export function isBlank(kind: Kind): boolean {
  return kind === Kind.blank || kind === Kind.line;
}

/** The unit of a code point of kind `one` or `symbol`. */
export function unitAt(codePoint: number): number {
  return codePoint < TABLE ? units[codePoint] ?? 0 : beyond(codePoint).unit;
}

/** What a code point of kind `one` or `symbol` is. */
export function baseAt(codePoint: number): number {
  return codePoint < TABLE ? bases[codePoint] ?? 0 : beyond(codePoint).base;
}

/** The parts of a code point of kind `many`. */
export function partsAt(codePoint: number): readonly Part[] {
  return expansions.get(codePoint) ?? [];
}

function learn(codePoint: number): Kind {
  const parts = decompose(codePoint);
  const kind = parts.length === 0 ? bareKind(codePoint) : parts.length === 1 ? Kind.one : Kind.many;
  if (kind === Kind.many) expansions.set(codePoint, parts);
  const only = kind === Kind.symbol ? part(codePoint) : parts[0];
  units[codePoint] = only?.unit ?? 0;
  bases[codePoint] = only?.base ?? 0;
  kinds[codePoint] = kind;
  return kind;
}

/** A code point that is seen as no unit. */
function bareKind(codePoint: number): Kind {
  const [plain = codePoint] = [...String.fromCodePoint(codePoint).normalize('NFKC')].map((each) => each.codePointAt(0) ?? 0);
  const character = String.fromCodePoint(codePoint);
  if (LETTER_SYMBOLS.has(plain) && (codePoint < 0x80 || !CLAUSE.test(character))) return Kind.symbol;
  if (LINE.test(character)) return Kind.line;
  if (BLANK.test(character)) return Kind.blank;
  if (IGNORED.test(character)) return Kind.ignored;
  if (codePoint === 0x2e || codePoint === 0xff0e) return Kind.point;
  if (CLAUSE.test(character)) return Kind.clause;
  return JOINER.test(String.fromCodePoint(plain)) ? Kind.joiner : Kind.soft;
}

function decompose(codePoint: number): readonly Part[] {
  const framed = FRAMED.find(([first, count]) => codePoint >= first && codePoint < first + count);
  if (framed !== undefined) return [part(0x61 + codePoint - framed[0])];
  const character = String.fromCodePoint(codePoint);
  if (LOOK_ALIKES.has(character)) return plainParts(character);
  if (IGNORED.test(character) && codePoint !== 0x3099 && codePoint !== 0x309a) return [];
  // Hangul stays in syllables: its letters would be three units of a character that nobody takes apart.
  const apart = codePoint >= 0xac00 && codePoint <= 0xd7a3 ? character : character.normalize('NFKD');
  return [...apart].flatMap((each) => plainParts(each));
}

function plainParts(character: string): readonly Part[] {
  const lookAlike = LOOK_ALIKES.get(character) ?? LOOK_ALIKES.get(character.toLowerCase());
  if (lookAlike !== undefined) return [part(lookAlike.toLowerCase().codePointAt(0) ?? 0)];
  if (!SEEN.test(character)) return [];
  // A capital I is drawn like a small L, and keeps its own name for that.
  const lower = character === 'I' ? character : simplified(character.toLowerCase());
  return [...lower].filter((each) => SEEN.test(each)).map((each) => part(each.codePointAt(0) ?? 0));
}

function part(base: number): Part {
  const plain = String.fromCodePoint(base).normalize('NFKC').codePointAt(0) ?? base;
  return { base: plain, unit: unitOf(plain) };
}

/** Planes 2 and up: rare Han characters, some with a simplified or compatible form; tags; nothing else worth a unit. */
function kindBeyond(codePoint: number): Kind {
  if (codePoint < 0x40000) return Kind.one;
  return IGNORED.test(String.fromCodePoint(codePoint)) ? Kind.ignored : Kind.soft;
}

function beyond(codePoint: number): Part {
  return part(simplified(String.fromCodePoint(codePoint).normalize('NFKC')).codePointAt(0) ?? codePoint);
}
