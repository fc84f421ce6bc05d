import { DELTA_LIMIT, type RunEvent } from './run-event.js';

/**
 * The events of a run whose words a person took back: the same seqs, and the answer is `replace` for whoever follows
 * them from any place before its last words. Doing it twice is the same as once.
 */
export function withdrawn(events: readonly RunEvent[], replace: string): readonly RunEvent[] {
  const words = events.filter(({ type }) => type === 'delta' || type === 'recall');
  const [first, last] = [words[0], words.at(-1)];
  if (first === undefined || last === undefined) return events;
  return events.map((event): RunEvent => {
    if (event === last) return { type: 'recall', seq: event.seq, fromSeq: first.seq, replace: replace.slice(0, DELTA_LIMIT).toWellFormed() };
    if (event.type === 'delta') return { type: 'delta', seq: event.seq, content: '' };
    if (event.type === 'recall') return { ...event, replace: '' };
    return event.type === 'done' ? { ...event, finishReason: 'content_filter' } : event;
  });
}
