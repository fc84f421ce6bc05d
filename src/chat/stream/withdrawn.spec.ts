import { describe, expect, it } from 'vitest';
import { shownText, type RunEvent } from './run-event.js';
import { withdrawn } from './withdrawn.js';

const done = { type: 'done', seq: 5, finishReason: 'stop', usage: { promptTokens: 1, completionTokens: 2 } } as const;
const events: readonly RunEvent[] = [
  { type: 'started', seq: 1 }, { type: 'delta', seq: 2, content: '坏', pace: 3 }, { type: 'delta', seq: 3, content: '话' }, { type: 'delta', seq: 4, content: '！' }, done,
];

describe('withdrawn', () => {
  it('leaves nothing of the words, every seq, and the replacement for all who follow', () => {
    const after = withdrawn(events, '已撤回');
    expect(shownText(after)).toBe('已撤回');
    expect(JSON.stringify(after)).not.toMatch(/坏|话|！/);
    expect(after.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    // One who has seen a part of it is told to take that back.
    expect(after.at(-2)).toEqual({ type: 'recall', seq: 4, fromSeq: 2, replace: '已撤回' });
    expect(after.at(-1)).toEqual({ ...done, finishReason: 'content_filter' });
    expect(withdrawn(after, '已撤回')).toEqual(after);
  });

  it('takes back what the gate had left of an answer, too', () => {
    const recalled: readonly RunEvent[] = [{ type: 'started', seq: 1 }, { type: 'delta', seq: 2, content: '留下' }, { type: 'delta', seq: 3, content: '' }, { type: 'recall', seq: 4, fromSeq: 3, replace: '撤' }, done];
    expect(shownText(withdrawn(recalled, '已撤回'))).toBe('已撤回');
  });

  it('makes no words where there are none, and cuts none in two', () => {
    const silent: readonly RunEvent[] = [{ type: 'started', seq: 1 }, { type: 'error', seq: 2, code: 'unavailable', message: 'x' }];
    expect(withdrawn(silent, '已撤回')).toEqual(silent);
    const [, event] = withdrawn(events.slice(0, 2), `${'x'.repeat(511)}😀`);
    expect(event).toMatchObject({ replace: `${'x'.repeat(511)}\ufffd` });
  });
});
