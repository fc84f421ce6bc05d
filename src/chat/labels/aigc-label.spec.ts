import { describe, expect, it } from 'vitest';
import { aigcLabel, handedOut, isGenerated } from './aigc-label.js';

describe('aigcLabel', () => {
  it('has every field of the standard, in its order', () => {
    expect(Object.entries(aigcLabel('message', { id: 'hand-out', provider: '某某' }))).toEqual([
      ['Label', '1'], ['ContentProducer', '某某'], ['ProduceID', 'message'], ['ReservedCode1', ''], ['ContentPropagator', '某某'], ['PropagateID', 'hand-out'], ['ReservedCode2', ''],
    ]);
  });

  it('is for words of a model that are still there', () => {
    expect([['assistant', '答'], ['assistant', ''], ['user', '问']].map(([role, content]) => isGenerated({ role: role as 'user', content: content ?? '' }))).toEqual([true, false, false]);
    expect(['complete', 'stopped', 'failed', 'recalled', 'refused'].map((state) => handedOut({ state, content: 'x' }))).toEqual(['x', 'x', 'x', 'x', '']);
  });
});
