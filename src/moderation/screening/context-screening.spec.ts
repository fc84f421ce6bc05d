import { beforeEach, describe, expect, it, vi } from 'vitest';
import { systemContext } from '../../platform/context/index.js';
import { DEFAULT_POLICY, type ModerationPolicy } from '../policy/policy.js';
import type { PolicyService } from '../policy/policy.service.js';
import type { LexiconEntry, WordAction } from '../text/lexicon-entry.js';
import { Lexicon } from '../text/lexicon.js';
import type { Lexicons } from '../words/lexicons.service.js';
import { ContextScreening } from './context-screening.service.js';
import * as search from '../text/scan.js';

vi.mock('../text/scan.js', { spy: true });

const entry = (text: string, action: WordAction): LexiconEntry => ({ kind: 'word', text, category: 'test', severity: 'medium', action, pinyin: false });
const ctx = systemContext('t1', 'test', 'r');
const turns = [{ question: '问甲', answer: '答乙乙' }, { question: '问二', answer: '答二' }];

let listed: readonly LexiconEntry[];
let policy: ModerationPolicy;
let screening: ContextScreening;

beforeEach(() => {
  [listed, policy] = [[], DEFAULT_POLICY];
  const lexicons = { of: async () => [await Lexicon.build(listed, { owner: 'platform', version: JSON.stringify(listed) })] } as unknown as Lexicons;
  screening = new ContextScreening({ of: async () => policy } as unknown as PolicyService, lexicons);
  vi.mocked(search.scanInTurns).mockClear();
});

describe('ContextScreening', () => {
  it('gives back the very turns that hold nothing, and searches each once', async () => {
    for (let times = 0; times < 3; times += 1) expect((await screening.judged(ctx, turns)).map((turn, at) => turn === turns[at])).toEqual([true, true]);
    expect(search.scanInTurns).toHaveBeenCalledTimes(4);
    await screening.judged(systemContext('t2', 'test', 'r'), turns);
    expect(search.scanInTurns).toHaveBeenCalledTimes(8);
  });

  it('searches anew by lists that changed', async () => {
    await screening.judged(ctx, turns);
    listed = [entry('甲', 'mask')];
    expect(await screening.judged(ctx, turns)).toEqual([{ question: '问*', answer: '答乙乙' }, turns[1]]);
    listed = [];
    expect(await screening.judged(ctx, turns)).toEqual(turns);
  });

  it.each(['block', 'answer'] as const)('leaves out a turn with a word to %s', async (action) => {
    listed = [entry('乙乙', action), entry('甲', 'mask')];
    expect(await screening.judged(ctx, turns)).toEqual([undefined, turns[1]]);
  });

  it.each(['label', 'review'] as const)('shows words to %s as they are', async (action) => {
    listed = [entry('甲', action), entry('乙乙', 'mask')];
    expect(await screening.judged(ctx, turns)).toEqual([{ question: '问甲', answer: '答**' }, turns[1]]);
  });

  it('finds a word that is split over two questions', async () => {
    listed = [entry('甲问二', 'block')];
    expect(await screening.judged(ctx, turns)).toEqual([turns[0], undefined]);
  });

  it.each([['input', '问甲'], ['output', '答乙乙']] as const)('asks no lists of %s that the tenant has switched off', async (stage, kept) => {
    listed = [entry('甲', 'mask'), entry('乙', 'mask')];
    policy = { ...DEFAULT_POLICY, [stage]: { ...DEFAULT_POLICY[stage], local: { mode: 'off' } } };
    const [first] = await screening.judged(ctx, turns);
    expect(Object.values(first ?? {}).filter((words) => !words.includes('*'))).toEqual([kept]);
    policy = { ...policy, input: { ...policy.input, local: { mode: 'shadow' } }, output: { ...policy.output, local: { mode: 'shadow' } } };
    expect(await screening.judged(ctx, turns)).toBe(turns);
  });
});
