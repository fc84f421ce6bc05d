import { Automaton } from './automaton.js';
import type { Hit, LexiconEntry } from './lexicon-entry.js';
import { entryFault, patternsOf, type Pattern, type Spelling } from './pattern.js';
import { Turns } from './turns.js';

export interface LexiconOptions {
  readonly owner: Hit['owner'];
  /** Of the list; part of the key of every stored verdict. */
  readonly version: string;
  /** Steps of the build. */
  readonly turns?: Turns;
}

/** All ways to write all words, end to end: pattern `n` is `cells[starts[n] .. starts[n + 1])`. */
export interface PatternTable {
  readonly cells: Int32Array;
  readonly starts: Int32Array;
  readonly traits: Uint8Array;
  readonly characters: Uint8Array;
  readonly entryOf: Int32Array;
}

/** A word list ready to be searched for. Immutable; shared by all who search. */
export class Lexicon {
  private constructor(
    readonly owner: Hit['owner'],
    readonly version: string,
    readonly entries: readonly LexiconEntry[],
    readonly automaton: Automaton,
    readonly patterns: PatternTable,
  ) {}

  /** Words and allowed phrases; lines at fault (see entryFault) are left out. */
  get size(): number {
    return this.entries.length;
  }

  /** Ways to write words that are not looked for: too many others end with them at one place. */
  get leftOut(): number {
    return this.automaton.leftOut;
  }

  /** Units of a pattern. */
  length(pattern: number): number {
    return (this.patterns.starts[pattern + 1] ?? 0) - (this.patterns.starts[pattern] ?? 0);
  }

  /** Bytes of its arrays, the entries excluded. */
  get bytes(): number {
    const { cells, starts, traits, characters, entryOf } = this.patterns;
    return this.automaton.bytes + [cells, starts, traits, characters, entryOf].reduce((sum, array) => sum + array.byteLength, 0);
  }

  /** Builds in steps of a few ms, so that nobody waits meanwhile. */
  static async build(entries: readonly LexiconEntry[], options: LexiconOptions): Promise<Lexicon> {
    const turns = options.turns ?? new Turns();
    const spelling = entries.some((entry) => entry.pinyin) ? await loadSpelling() : undefined;
    const kept: LexiconEntry[] = [];
    const patterns = new PatternList();
    for (const entry of entries) {
      if (turns.due) await turns.pause();
      if (entryFault(entry) !== undefined) continue;
      for (const pattern of patternsOf(entry, spelling)) patterns.add(pattern, kept.length);
      kept.push(entry);
    }
    if (turns.due) await turns.pause();
    const { units, ...at } = patterns.close();
    if (turns.due) await turns.pause();
    const automaton = await Automaton.of({ units, starts: at.starts }, turns);
    return new Lexicon(options.owner, options.version, kept, automaton, at);
  }
}

/** The dictionary takes some 60 ms and 10 MB: only who asks for pinyin pays. */
async function loadSpelling(): Promise<Spelling> {
  const { pinyin } = await import('pinyin-pro');
  return (characters) => pinyin(characters, { toneType: 'num', toneSandhi: false, type: 'array' });
}

/** Patterns end to end, in arrays that grow. */
class PatternList {
  private readonly units: number[] = [];
  private readonly cells: number[] = [];
  private readonly starts: number[] = [0];
  private readonly traits: number[] = [];
  private readonly characters: number[] = [];
  private readonly entryOf: number[] = [];

  add(pattern: Pattern, entry: number): void {
    for (const unit of pattern.units) this.units.push(unit);
    for (const cell of pattern.cells) this.cells.push(cell);
    this.starts.push(this.units.length);
    this.traits.push(pattern.traits);
    this.characters.push(pattern.characters);
    this.entryOf.push(entry);
  }

  close(): PatternTable & { readonly units: Int32Array } {
    return {
      units: new Int32Array(this.units),
      cells: new Int32Array(this.cells),
      starts: new Int32Array(this.starts),
      traits: new Uint8Array(this.traits),
      characters: new Uint8Array(this.characters),
      entryOf: new Int32Array(this.entryOf),
    };
  }
}
