import { type Hit, WORD_ACTIONS } from './lexicon-entry.js';

/** Whether the model's answer ends here. */
export function stops(hit: Hit): boolean {
  return hit.entry.action === 'block' || hit.entry.action === 'answer';
}

/** By place; at one place the strictest first, then the longest, then the platform's; then by the words themselves. */
export function byPlace(one: Hit, other: Hit): number {
  return one.from - other.from
    || WORD_ACTIONS.indexOf(other.entry.action) - WORD_ACTIONS.indexOf(one.entry.action)
    || other.to - one.to
    || compare(one.owner, other.owner)
    || compare(one.entry.text, other.entry.text)
    || compare(one.entry.category, other.entry.category);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
