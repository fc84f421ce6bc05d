import { BadBody } from '../../http/read-body.js';
import type { ApiKeys } from './api-keys.js';
import type { Arrival } from './arrival-log.js';
import type { Timeline } from './timeline.js';

/**
 * The arrivals log as JSON, oldest first: `?key=`, `?verdict=` and `?end=` (an ending or `open`) choose, `?after=<seq>` and `?limit=` page.
 * Times are milliseconds since the mark. Throws BadBody for a number that is none.
 */
export function listArrivals(keys: ApiKeys, query: URLSearchParams): Record<string, unknown> {
  const limit = readCount(query, 'limit', Infinity);
  const wanted = wantedOf(query);
  const arrivals: Record<string, unknown>[] = [];
  for (const [seq, arrival] of keys.log.from(readCount(query, 'after', -1) + 1)) {
    if (arrivals.length >= limit) break;
    if (wanted(arrival)) arrivals.push(show(seq, arrival, keys.timeline));
  }
  return { markUnixMs: keys.timeline.markUnixMs, dropped: keys.log.dropped, arrivals };
}

function wantedOf(query: URLSearchParams): (arrival: Arrival) => boolean {
  const [key, verdict, end] = ['key', 'verdict', 'end'].map((name) => query.get(name));
  return (arrival) => (key === null || arrival.owner.key === key) && (verdict === null || arrival.verdict === verdict) && (end === null || endOf(arrival) === end);
}

function endOf({ verdict, ended }: Arrival): string | undefined {
  return ended?.how ?? (verdict === 'accepted' ? 'open' : undefined);
}

function show(seq: number, { id, at, owner, tag, tokens, verdict, retryMs, ended }: Arrival, timeline: Timeline): Record<string, unknown> {
  return {
    seq,
    id,
    atMs: timeline.sinceMark(at),
    key: owner.shownAs,
    ...(tag === undefined ? {} : { tag }),
    tokens,
    verdict,
    ...(retryMs === undefined ? {} : { retryMs }),
    ...(ended === undefined ? {} : { end: ended.how, endMs: timeline.sinceMark(ended.at), produced: ended.produced }),
  };
}

function readCount(query: URLSearchParams, name: string, unset: number): number {
  const value = query.get(name);
  if (value === null) return unset;
  if (!/^\d{1,9}$/u.test(value)) throw new BadBody(400, `"${name}" must be a number.`);
  return Number(value);
}
