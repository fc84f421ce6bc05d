import { describe, expect, it } from 'vitest';
import type { Judgement } from '../verdict.js';
import { recordsOf } from './judged-texts.js';

const judgement = (layer: Judgement['layer'], more: Partial<Judgement> = {}): Judgement => ({ stage: 'input', layer, version: 'v', asked: 'pass', action: 'pass', label: 'normal', latencyMs: 1, cached: false, shadow: false, ...more });

describe('recordsOf', () => {
  it('keeps one entry of each layer for all texts that it passed, and each find with its own text', () => {
    const blocked = judgement('openai', { asked: 'block', action: 'block', label: 'illicit' });
    const failed = judgement('openai', { failure: 'timeout' });
    const records = recordsOf([
      { text: '一', judgements: [judgement('local'), judgement('openai', { latencyMs: 7, cached: true })] },
      { text: '二', judgements: [judgement('local'), blocked] },
      { text: '三', judgements: [judgement('local', { latencyMs: 3 }), judgement('openai')] },
      { text: '四', judgements: [judgement('local'), failed] },
    ]);
    expect(records).toEqual([
      { texts: ['二'], judgements: [blocked] },
      { texts: ['四'], judgements: [failed] },
      { texts: ['一', '二', '三', '四'], judgements: [judgement('local', { latencyMs: 3 })] },
      { texts: ['一', '三'], judgements: [judgement('openai', { latencyMs: 7 })] },
    ]);
  });

  it('keeps nothing where nobody judged', () => {
    expect(recordsOf([{ text: '一', judgements: [] }])).toEqual([]);
  });
});
