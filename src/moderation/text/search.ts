import { CodePoints } from './code-points.js';
import { Kind, baseAt, kindOf, partsAt, unitAt } from './fold.js';
import { Crowd } from './crowd.js';
import { byPlace } from './hit-order.js';
import { Lane, type Met } from './lane.js';
import type { Hit } from './lexicon-entry.js';
import type { Lexicon } from './lexicon.js';
import { Meant, qualify, surest } from './qualification.js';
import { isAlphanumeric } from './standing.js';
import { symbolGap } from './view.js';

/** A find that waits for what follows it. */
interface Waiting {
  readonly hit: Hit;
  readonly until: Meant;
}

/** What follows a find. */
const Next = { gap: 0, letter: 1, character: 2 } as const;
type Next = (typeof Next)[keyof typeof Next];

/**
 * Searches a text that comes in chunks, cut anywhere, for the words of several lists. Judging a whole text and judging
 * a stream are this one thing, fed differently, so that they can't come apart.
 *
 * A symbol that may be meant as a letter (a$$) opens a second reading, in which it is one, for as long as a word may
 * hold it; in the first it stands between characters (法$轮$功).
 */
export class Search {
  private readonly points: CodePoints;
  private readonly plain: Lane;
  private readonly lettered: Lane;
  /** Units of the second reading since its last symbol; -1 while there is no second reading. */
  private sinceSymbol = -1;
  private waiting: Waiting[] = [];
  /** Finds that are sure, in any order, words that may still be covered among them. */
  private found: Hit[] = [];
  private allowed: Hit[] = [];
  private readonly crowd = new Crowd();
  private readonly take = (codePoint: number, from: number, to: number): void => this.see(codePoint, from, to);

  private readonly metPlain: Met = { begin: () => this.crowd.begin(), end: (list, pattern) => this.met(this.plain, list, pattern) };
  private readonly metLettered: Met = { begin: () => this.crowd.begin(), end: (list, pattern) => this.met(this.lettered, list, pattern) };

  /** @param start Offset of the first chunk, in UTF-16 units; below 0 for what comes before a text. */
  constructor(private readonly lexicons: readonly Lexicon[], start = 0) {
    this.points = new CodePoints(start);
    this.plain = new Lane(lexicons);
    this.lettered = new Lane(lexicons);
  }

  push(chunk: string): void {
    this.points.read(chunk, this.take);
  }

  /** One message ends, another begins. */
  seam(): void {
    this.points.end(this.take);
    this.plain.view.seam();
    if (this.sinceSymbol >= 0) this.lettered.view.seam();
  }

  /** Offset before which nothing can change any more: every later find begins here or behind. Never falls. */
  get horizon(): number {
    let horizon = Math.min(this.points.position, pendingFrom(this.plain));
    if (this.sinceSymbol >= 0) horizon = Math.min(horizon, pendingFrom(this.lettered));
    for (const { hit } of this.waiting) horizon = Math.min(horizon, hit.from);
    return horizon;
  }

  /** Finds that begin before the horizon and were not given out yet, in order, without those that an allowed phrase covers. */
  settled(): readonly Hit[] {
    return this.settle(this.horizon);
  }

  /** The text is over: the finds that were not given out yet. */
  end(): readonly Hit[] {
    this.points.end(this.take);
    for (const { hit } of this.waiting) this.keep(hit);
    this.waiting = [];
    return this.settle(Infinity);
  }

  private settle(horizon: number): readonly Hit[] {
    if (this.found.length === 0 && this.allowed.length === 0) return [];
    const ready = this.found.filter((hit) => hit.from < horizon).sort(byPlace);
    this.found = this.found.filter((hit) => hit.from >= horizon);
    const bare = withoutCovered(ready, this.allowed);
    this.allowed = this.allowed.filter((phrase) => phrase.to > horizon);
    return bare;
  }

  private see(codePoint: number, from: number, to: number): void {
    const kind = kindOf(codePoint);
    if (kind === Kind.one) this.add(unitAt(codePoint), baseAt(codePoint), from, to);
    else if (kind === Kind.many) for (const part of partsAt(codePoint)) this.add(part.unit, part.base, from, to);
    else if (kind === Kind.symbol) this.symbol(codePoint, from, to);
    else this.skip(kind);
  }

  private add(unit: number, base: number, from: number, to: number): void {
    if (this.waiting.length > 0) this.follow(isAlphanumeric(base) ? Next.letter : Next.character);
    this.plain.add(unit, base, from, to, this.metPlain);
    if (this.sinceSymbol < 0) return;
    this.sinceSymbol += 1;
    this.addLettered(unit, base, from, to);
  }

  private symbol(codePoint: number, from: number, to: number): void {
    const base = baseAt(codePoint);
    if (this.waiting.length > 0) this.follow(Next.gap);
    if (this.sinceSymbol < 0) this.lettered.follow(this.plain);
    this.sinceSymbol = 0;
    if (this.plain.view.skip(symbolGap(base))) this.plain.reset();
    this.addLettered(unitAt(codePoint), base, from, to);
  }

  private addLettered(unit: number, base: number, from: number, to: number): void {
    this.lettered.add(unit, base, from, to, this.metLettered);
    if (this.lettered.pending <= this.sinceSymbol) this.sinceSymbol = -1;
  }

  private skip(kind: Kind): void {
    const over = this.plain.view.skip(kind);
    if (over) this.plain.reset();
    if (this.sinceSymbol >= 0 && this.lettered.view.skip(kind)) this.sinceSymbol = -1;
    if (this.waiting.length > 0 && (kind !== Kind.ignored || over)) this.follow(Next.gap);
  }

  private met(lane: Lane, list: number, pattern: number): void {
    const lexicon = this.lexicons[list];
    const entry = lexicon?.entries[lexicon.patterns.entryOf[pattern] ?? 0];
    if (lexicon === undefined || entry === undefined) return;
    const last = lane.view.count - 1;
    const length = lexicon.length(pattern);
    const first = last + 1 - length;
    // Without its symbol a find of the second reading is one of the first, too.
    if (lane === this.lettered && last - first < this.sinceSymbol) return;
    if (!this.crowd.wants(entry, length, surest(lexicon.patterns, pattern))) return;
    const meant = qualify(lane.view, last, lexicon.patterns, pattern);
    if (meant === Meant.no || !this.crowd.takes(entry, meant)) return;
    const hit: Hit = { entry, from: lane.view.from(first), to: lane.view.to(last), owner: lexicon.owner };
    if (meant === Meant.yes) this.keep(hit);
    else this.waiting.push({ hit, until: meant });
  }

  private follow(next: Next): void {
    const still: Waiting[] = [];
    for (const each of this.waiting) {
      if (each.until === Meant.last && next === Next.gap) still.push(each);
      else if (next === Next.gap || (each.until === Meant.edge && next === Next.character)) this.keep(each.hit);
    }
    this.waiting = still;
  }

  private keep(hit: Hit): void {
    (hit.entry.kind === 'allow' ? this.allowed : this.found).push(hit);
  }
}

function pendingFrom(lane: Lane): number {
  const { pending, view } = lane;
  return pending === 0 ? Infinity : view.from(view.count - pending);
}

/**
 * The hits that no allowed phrase covers, in order. A tenant's phrase can't excuse what the platform forbids most
 * severely. Of the phrases that begin before a hit, only the one that reaches farthest matters: one walk through both.
 */
function withoutCovered(hits: readonly Hit[], phrases: readonly Hit[]): readonly Hit[] {
  if (phrases.length === 0) return hits;
  const ordered = [...phrases].sort((one, other) => one.from - other.from);
  const reach = { platform: -Infinity, tenant: -Infinity };
  let next = 0;
  return hits.filter((hit) => {
    for (let phrase = ordered[next]; phrase !== undefined && phrase.from <= hit.from; phrase = ordered[next]) {
      reach[phrase.owner] = Math.max(reach[phrase.owner], phrase.to);
      next += 1;
    }
    const tenantCounts = hit.owner === 'tenant' || hit.entry.severity !== 'high';
    return hit.to > reach.platform && (hit.to > reach.tenant || !tenantCounts);
  });
}
