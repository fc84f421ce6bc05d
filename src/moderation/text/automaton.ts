import type { Turns } from './turns.js';

/** Integers of one transition: node, unit, target. No transition leads to the root, so a target of 0 means that the slot is free. */
const SLOT = 3;
const NONE = 0;
/** Steps of a loop between two looks at the clock. */
const LOOK_EVERY = 512;
const NO_PATTERN = -1;
/** Sequences that end at one node, as they do when lines differ in nothing that is searched for. */
export const MOST_TWINS = 64;
/** Units of all sequences that may end at one place. The search looks at each: more of them would hold up everybody's texts. A word within a word, down to the first character, is less. */
const MOST_UNITS_AT_ONCE = 8_192;

/** Sequences of units, end to end: sequence `n` is `units[starts[n] .. starts[n + 1])`. */
export interface Sequences {
  readonly units: Int32Array;
  readonly starts: Int32Array;
}

function hash(node: number, unit: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

/**
 * An Aho-Corasick automaton in flat arrays: transitions of the trie in one open-addressing table over (node, unit),
 * failure links for the rest. Says after each unit which node it is in, and how much of the text's end may still become
 * a sequence.
 */
export class Automaton {
  private constructor(
    private readonly table: Int32Array,
    private readonly fail: Int32Array,
    private readonly open: Uint8Array,
    /** The first sequence that ends at the node itself. */
    private readonly ends: Int32Array,
    /** The nearest node by failure links, the node itself excluded, at which a sequence ends; 0 for none. */
    private readonly shorter: Int32Array,
    /** The next sequence that ends at the same node. */
    private readonly twins: Int32Array,
    /** Sequences that are not looked for, since too many others end with them. */
    readonly leftOut: number,
  ) {}

  get nodes(): number {
    return this.fail.length;
  }

  /** Bytes of its arrays. */
  get bytes(): number {
    return [this.table, this.fail, this.open, this.ends, this.shorter, this.twins].reduce((sum, array) => sum + array.byteLength, 0);
  }

  /** Units at the text's end that are the beginning of a longer sequence: the longest such. */
  pending(node: number): number {
    return this.open[node] ?? 0;
  }

  next(node: number, unit: number): number {
    let at = node;
    for (;;) {
      const target = find(this.table, at, unit);
      if (target !== NONE) return target;
      if (at === 0) return 0;
      at = this.fail[at] ?? 0;
    }
  }

  /** Whether any sequence ends here. */
  matches(node: number): boolean {
    return (this.ends[node] ?? NO_PATTERN) !== NO_PATTERN || (this.shorter[node] ?? 0) !== 0;
  }

  /** Calls with every sequence that the text ends with, longest first. */
  each(node: number, call: (sequence: number) => void): void {
    for (let at = node; at !== 0; at = this.shorter[at] ?? 0) {
      for (let sequence = this.ends[at] ?? NO_PATTERN; sequence !== NO_PATTERN; sequence = this.twins[sequence] ?? NO_PATTERN) call(sequence);
    }
  }

  /** Builds in steps. Sequences have 1 to 255 units. */
  static async of(sequences: Sequences, turns: Turns): Promise<Automaton> {
    const trie = new Trie(sequences.units.length, sequences.starts.length - 1);
    if (turns.due) await turns.pause();
    for (let sequence = 0; sequence < sequences.starts.length - 1; sequence += 1) {
      trie.insert(sequence, sequences.units, sequences.starts[sequence] ?? 0, sequences.starts[sequence + 1] ?? 0);
      if (sequence % LOOK_EVERY === 0 && turns.due) await turns.pause();
    }
    const nodes = trie.nodes;
    const order = trie.byDepth();
    if (turns.due) await turns.pause();
    const links = { fail: new Int32Array(nodes), shorter: new Int32Array(nodes), open: new Uint8Array(nodes), weight: new Int32Array(nodes) };
    for (let index = 1; index < nodes; index += 1) {
      trie.link(order[index] ?? 0, links);
      if (index % LOOK_EVERY === 0 && turns.due) await turns.pause();
    }
    return new Automaton(trie.table, links.fail, links.open, trie.ends.slice(0, nodes), links.shorter, trie.twins, trie.leftOut);
  }
}

function find(table: Int32Array, node: number, unit: number): number {
  const mask = table.length / SLOT - 1;
  for (let slot = hash(node, unit) & mask; ; slot = (slot + 1) & mask) {
    const at = slot * SLOT;
    const target = table[at + 2] ?? NONE;
    if (target === NONE || (table[at] === node && table[at + 1] === unit)) return target;
  }
}

/** What follows from all sequences together, by node. */
interface Links {
  readonly fail: Int32Array;
  readonly shorter: Int32Array;
  readonly open: Uint8Array;
  /** Units of all sequences that end there. */
  readonly weight: Int32Array;
}

/** The trie while it grows. Sized for sequences that share nothing, so that no step has to move it. */
class Trie {
  nodes = 1;
  leftOut = 0;
  readonly table: Int32Array;
  readonly ends: Int32Array;
  readonly twins: Int32Array;
  private readonly depths: Uint8Array;
  /** Nodes from which a sequence goes on. */
  private readonly inner: Uint8Array;
  private readonly parents: Int32Array;
  private readonly unitOf: Int32Array;

  constructor(units: number, sequences: number) {
    const slots = 2 ** Math.ceil(Math.log2(Math.max(8, units * 1.4)));
    this.table = new Int32Array(slots * SLOT);
    this.depths = new Uint8Array(units + 1);
    this.inner = new Uint8Array(units + 1);
    this.ends = new Int32Array(units + 1).fill(NO_PATTERN);
    this.parents = new Int32Array(units + 1);
    this.unitOf = new Int32Array(units + 1);
    this.twins = new Int32Array(sequences).fill(NO_PATTERN);
  }

  insert(sequence: number, units: Int32Array, from: number, to: number): void {
    let node = 0;
    for (let at = from; at < to; at += 1) node = this.child(node, units[at] ?? 0);
    this.twins[sequence] = this.ends[node] ?? NO_PATTERN;
    this.ends[node] = sequence;
  }

  /** Nodes from the root outwards. */
  byDepth(): Int32Array {
    const offsets = new Int32Array(257);
    const add = (depth: number, count: number): number => (offsets[depth] = (offsets[depth] ?? 0) + count);
    for (let node = 0; node < this.nodes; node += 1) add((this.depths[node] ?? 0) + 1, 1);
    for (let depth = 1; depth < offsets.length; depth += 1) add(depth, offsets[depth - 1] ?? 0);
    const order = new Int32Array(this.nodes);
    for (let node = 0; node < this.nodes; node += 1) order[add(this.depths[node] ?? 0, 1) - 1] = node;
    return order;
  }

  /** Sets the links of one node; those of shallower nodes stand already. */
  link(node: number, { fail, shorter, open, weight }: Links): void {
    const parent = this.parents[node] ?? 0;
    const unit = this.unitOf[node] ?? 0;
    let target = 0;
    for (let at = parent; at !== 0; ) {
      at = fail[at] ?? 0;
      const next = find(this.table, at, unit);
      if (next !== NONE) {
        target = next;
        break;
      }
    }
    fail[node] = target;
    shorter[node] = (this.ends[target] ?? NO_PATTERN) !== NO_PATTERN ? target : shorter[target] ?? 0;
    open[node] = (this.inner[node] === 1 ? this.depths[node] : open[target]) ?? 0;
    weight[node] = this.limit(node, weight[shorter[node] ?? 0] ?? 0);
  }

  /** Leaves out what would be too much at one place. @returns units of all that ends there then */
  private limit(node: number, before: number): number {
    const depth = this.depths[node] ?? 0;
    const room = Math.min(MOST_TWINS, Math.floor((MOST_UNITS_AT_ONCE - before) / depth));
    let kept = 0;
    let last = NO_PATTERN;
    for (let sequence = this.ends[node] ?? NO_PATTERN; sequence !== NO_PATTERN; sequence = this.twins[sequence] ?? NO_PATTERN) {
      if (kept === room) {
        this.cut(node, last, sequence);
        break;
      }
      kept += 1;
      last = sequence;
    }
    return before + kept * depth;
  }

  /** Forgets a sequence of a node, and all twins behind it. @param last the twin before it, if any */
  private cut(node: number, last: number, first: number): void {
    for (let sequence = first; sequence !== NO_PATTERN; sequence = this.twins[sequence] ?? NO_PATTERN) this.leftOut += 1;
    if (last === NO_PATTERN) this.ends[node] = NO_PATTERN;
    else this.twins[last] = NO_PATTERN;
  }

  private child(node: number, unit: number): number {
    const mask = this.table.length / SLOT - 1;
    let slot = hash(node, unit) & mask;
    for (; this.table[slot * SLOT + 2] !== NONE; slot = (slot + 1) & mask) {
      if (this.table[slot * SLOT] === node && this.table[slot * SLOT + 1] === unit) return this.table[slot * SLOT + 2] ?? 0;
    }
    const child = this.nodes;
    this.nodes += 1;
    this.table[slot * SLOT] = node;
    this.table[slot * SLOT + 1] = unit;
    this.table[slot * SLOT + 2] = child;
    this.parents[child] = node;
    this.inner[node] = 1;
    this.unitOf[child] = unit;
    this.depths[child] = (this.depths[node] ?? 0) + 1;
    return child;
  }
}
