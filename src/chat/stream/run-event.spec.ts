import { describe, expect, it } from 'vitest';
import { shownText, type StreamFrame } from './run-event.js';

const told: readonly StreamFrame[] = [
  { type: 'queued', position: 1, etaMs: 5 },
  { type: 'started', seq: 1 },
  { type: 'delta', seq: 2, content: '一' },
  { type: 'heartbeat' },
  { type: 'delta', seq: 3, content: '二' },
  { type: 'delta', seq: 4, content: '三' },
];

describe('shownText', () => {
  it('is the words of the deltas', () => {
    expect(shownText(told)).toBe('一二三');
    expect(shownText([])).toBe('');
  });

  it('has the replacement in place of what was recalled, whether its words are still there or not', () => {
    expect(shownText([...told, { type: 'recall', seq: 5, fromSeq: 3, replace: '……' }])).toBe('一……');
    expect(shownText([...told.slice(0, 3), { type: 'delta', seq: 3, content: '' }, { type: 'recall', seq: 5, fromSeq: 3, replace: '……' }])).toBe('一……');
    expect(shownText([{ type: 'recall', seq: 5, fromSeq: 2, replace: '……' }])).toBe('……');
  });
});
