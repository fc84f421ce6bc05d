import type { Lexicon } from './lexicon.js';
import { View } from './view.js';

/** Is told of the patterns that end at a place: first that those of another list come, or of another place, then each, longest first. */
export interface Met {
  begin(): void;
  end(list: number, pattern: number): void;
}

/** One reading of a text: its view, and where it is in each list's automaton. */
export class Lane {
  readonly view = new View();
  private readonly nodes: Int32Array;

  constructor(private readonly lexicons: readonly Lexicon[]) {
    this.nodes = new Int32Array(lexicons.length);
  }

  /** Adds a unit, and tells of every pattern of every list that ends with it. */
  add(unit: number, base: number, from: number, to: number, met: Met): void {
    this.view.add(base, from, to);
    for (let list = 0; list < this.lexicons.length; list += 1) {
      const automaton = this.lexicons[list]?.automaton;
      if (automaton === undefined) continue;
      const node = automaton.next(this.nodes[list] ?? 0, unit);
      this.nodes[list] = node;
      if (!automaton.matches(node)) continue;
      met.begin();
      automaton.each(node, (pattern) => met.end(list, pattern));
    }
  }

  /** What came before is over. */
  reset(): void {
    this.nodes.fill(0);
  }

  /** Goes on from where another lane is. */
  follow(other: Lane): void {
    this.view.follow(other.view);
    this.nodes.set(other.nodes);
  }

  /** Units at the end of the text that may be the beginning of a listed word. */
  get pending(): number {
    let most = 0;
    for (let list = 0; list < this.lexicons.length; list += 1) most = Math.max(most, this.lexicons[list]?.automaton.pending(this.nodes[list] ?? 0) ?? 0);
    return most;
  }
}
