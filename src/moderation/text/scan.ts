import { Kind, kindOf } from './fold.js';
import { byPlace } from './hit-order.js';
import type { Hit } from './lexicon-entry.js';
import type { Lexicon } from './lexicon.js';
import { Search } from './search.js';
import { MOST_TAIL, isBrief, tailOf } from './tail.js';
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
  return together(clipped(search.end()), overFillers(text, lexicons, before));
}

/** The same in steps, between which others run: for texts of any length. */
export async function scanInTurns(text: string, lexicons: readonly Lexicon[], before: readonly string[] = [], turns = new Turns()): Promise<readonly Hit[]> {
  const search = searchAfter(before, lexicons);
  for (let at = 0; at < text.length; at += STEP) {
    search.push(text.slice(at, at + STEP));
    if (turns.due) await turns.pause();
  }
  return together(clipped(search.end()), overFillers(text, lexicons, before));
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

/** Words that run through the messages before as if one of them that says next to nothing ("嗯") had not been sent. */
function overFillers(text: string, lexicons: readonly Lexicon[], before: readonly string[]): readonly Hit[] {
  const last = before.slice(-MOST_BEFORE);
  return last.flatMap((each, at) => (at > 0 && isBrief(each) ? runningInto(text, lexicons, last.toSpliced(at, 1)) : []));
}

/** Words that begin before a text and end in it: read no further than they may reach. */
function runningInto(text: string, lexicons: readonly Lexicon[], before: readonly string[]): readonly Hit[] {
  const search = searchAfter(before, lexicons);
  const most = Math.min(text.length, MOST_TAIL);
  let read = 0;
  for (; read < most && search.horizon < 0; read += STEP) search.push(text.slice(read, read + STEP));
  return clipped((read < text.length ? search.settled() : search.end()).filter(({ from }) => from < 0));
}

/** Finds of several searches, each once. @param more those that begin at 0 */
function together(hits: readonly Hit[], more: readonly Hit[]): readonly Hit[] {
  const atStart = hits.filter(({ from }) => from === 0);
  const news = more.filter((hit, at) => ![...atStart, ...more.slice(0, at)].some((each) => each.entry === hit.entry && each.from === hit.from && each.to === hit.to));
  return news.length === 0 ? hits : [...hits, ...news].sort(byPlace);
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
