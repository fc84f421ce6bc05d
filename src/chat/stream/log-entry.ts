import type { RunEvent } from './run-event.js';

/**
 * One entry of the stream log: the events of one append, as a JSON array.
 * Deltas, by far the most, are short tuples `[seq, content, pace?]`.
 */
type Packed = readonly [seq: number, content: string, pace?: number] | RunEvent;

export function encodeEntry(events: readonly RunEvent[]): string {
  return JSON.stringify(
    events.map((event): Packed => {
      if (event.type !== 'delta') return event;
      return event.pace === undefined ? [event.seq, event.content] : [event.seq, event.content, event.pace];
    }),
  );
}

export function decodeEntry(entry: string): readonly RunEvent[] {
  return (JSON.parse(entry) as readonly Packed[]).map((packed): RunEvent => {
    if (!isTuple(packed)) return packed;
    const [seq, content, pace] = packed;
    return pace === undefined ? { type: 'delta', seq, content } : { type: 'delta', seq, content, pace };
  });
}

function isTuple(packed: Packed): packed is readonly [number, string, number?] {
  return Array.isArray(packed);
}
