import { Kind, kindOf } from './fold.js';
import { byPlace } from './hit-order.js';
import type { Hit } from './lexicon-entry.js';
import type { Lexicon } from './lexicon.js';
import { Search } from './search.js';
import { tailOf } from './tail.js';
import { Turns } from './turns.js';

/** UTF-16 units that are read in one go: well under a millisecond, with a hostile list a few. */
const STEP = 500;
/** Messages of the same author before a text that a word may begin in. */
export const MOST_BEFORE = 4;
const MASK = '*';

/**
 * The words of the lists in a text, in order. `before`: what the same author wrote last, oldest first, for words that
 * were split over messages; such a find begins at 0 here. What lies in `before` alone was judged with it.
 */
export function scan(text: string, lexicons: readonly Lexicon[], before: readonly string[] = []): readonly Hit[] {
  const search = searchAfter(before, lexicons);
  search.push(text);
  return clipped(search.end());
}

/** The same in steps, between which others run: for texts of any length. */
export async function scanInTurns(text: string, lexicons: readonly Lexicon[], before: readonly string[] = [], turns = new Turns()): Promise<readonly Hit[]> {
  const search = searchAfter(before, lexicons);
  for (let at = 0; at < text.length; at += STEP) {
    search.push(text.slice(at, at + STEP));
    if (turns.due) await turns.pause();
  }
  return clipped(search.end());
}

/** A search that has read the messages before. */
function searchAfter(before: readonly string[], lexicons: readonly Lexicon[]): Search {
  const tails = before.slice(-MOST_BEFORE).map(tailOf).filter((tail) => tail !== '');
  const search = new Search(lexicons, -tails.reduce((length, tail) => length + tail.length, 0));
  for (const tail of tails) {
    search.push(tail);
    search.seam();
  }
  return search;
}

/** The finds that end in the text; those that begin before it begin with it here. */
function clipped(hits: readonly Hit[]): readonly Hit[] {
  if (hits.every(({ from }) => from >= 0)) return hits;
  return hits.filter((hit) => hit.to > 0).map((hit) => (hit.from < 0 ? { ...hit, from: 0 } : hit)).sort(byPlace);
}

/** The text with its hits covered, one `*` for each character that is seen. */
export function masked(text: string, hits: readonly Pick<Hit, 'from' | 'to'>[]): string {
  let shown = '';
  let at = 0;
  for (const { from, to } of merged(hits)) {
    shown += text.slice(at, from) + covered(text.slice(Math.max(at, from), to));
    at = Math.max(at, Math.min(to, text.length));
  }
  return shown + text.slice(at);
}

/** Hits in order, those that overlap in one. */
function merged(hits: readonly Pick<Hit, 'from' | 'to'>[]): readonly { readonly from: number; readonly to: number }[] {
  const spans: { from: number; to: number }[] = [];
  for (const { from, to } of [...hits].sort((one, other) => one.from - other.from)) {
    const last = spans.at(-1);
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to);
    else spans.push({ from, to });
  }
  return spans;
}

function covered(text: string): string {
  return [...text].map((character) => (kindOf(character.codePointAt(0) ?? 0) === Kind.ignored ? '' : MASK)).join('');
}
