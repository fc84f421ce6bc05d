import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEVERITIES, WORD_ACTIONS, type Hit, type LexiconEntry } from './lexicon-entry.js';
import { Lexicon } from './lexicon.js';
import { scan } from './scan.js';
import { View } from './view.js';

const word = (text: string, rest: Partial<LexiconEntry> = {}): LexiconEntry => ({ kind: 'word', text, category: 'test', severity: 'medium', action: 'label', pinyin: false, ...rest });
const lexiconOf = (entries: readonly LexiconEntry[]): Promise<Lexicon> => Lexicon.build(entries, { owner: 'tenant', version: '1' });
/** Every prefix of so many of one character; those of more than 120 are no lines of a list. */
const nested = (character: string, rest?: Partial<LexiconEntry>): readonly LexiconEntry[] => Array.from({ length: 200 }, (_, at) => word(character.repeat(at + 1), rest));

/** Looks at characters while texts are searched: what the search's time is made of. */
let looks = 0;
// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the view that they are called on, below
const { base, gapBefore } = View.prototype;
beforeEach(() => {
  looks = 0;
  View.prototype.base = function (index: number) {
    looks += 1;
    return base.call(this, index);
  };
  View.prototype.gapBefore = function (index: number) {
    looks += 1;
    return gapBefore.call(this, index);
  };
});
afterEach(() => void Object.assign(View.prototype, { base, gapBefore }));

async function steps(text: string, entries: readonly LexiconEntry[]): Promise<{ readonly steps: number; readonly hits: number }> {
  const hits = scan(text, [await lexiconOf(entries)]).length;
  return { steps: looks, hits };
}

/** By action: where the first find begins, and what is covered. */
function outcome(hits: readonly Pick<Hit, 'entry' | 'from' | 'to'>[]): unknown {
  return WORD_ACTIONS.map((action) => {
    const own = hits.filter(({ entry }) => entry.action === action);
    const covered = new Set(own.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at)));
    return [action, Math.min(...own.map(({ from }) => from)), [...covered].sort((one, other) => one - other)];
  });
}

describe('a list of words within words', () => {
  const LENGTH = 2_000;

  it.each([
    ['of one Han character', '啊'.repeat(LENGTH), nested('啊')],
    ['of one letter, taken apart', 'a '.repeat(LENGTH / 2), nested('a')],
    ['of one letter', 'a'.repeat(LENGTH), nested('a')],
    ['with allowed phrases of the same kind', '啊'.repeat(LENGTH), [...nested('啊', { action: 'block' }), ...nested('啊', { kind: 'allow' })]],
    ['in five actions and two severities', '啊'.repeat(LENGTH), (['label', 'review', 'mask', 'answer', 'block'] as const).flatMap((action) => (['low', 'high'] as const).flatMap((severity) => nested('啊', { action, severity })))],
  ])('%s costs a bounded number of looks for each character', async (_, text, entries) => {
    const found = await steps(text, entries);
    expect(found.steps).toBeLessThan(LENGTH * 1_500);
    expect(found.hits).toBeLessThan(LENGTH * 20);
  });

  it('which the text only seems to hold costs a bounded number, too', async () => {
    const { steps: looks, hits } = await steps('4 '.repeat(LENGTH / 2), nested('a'));
    expect([looks < (LENGTH / 2) * 20_000, hits]).toEqual([true, 0]);
  });

  it('finds as strictly, from the same place, and covers as much, as looking for every word does', async () => {
    const listed = fc.record({ times: fc.integer({ min: 1, max: 60 }), before: fc.constantFrom('', '哦'), action: fc.constantFrom(...WORD_ACTIONS), severity: fc.constantFrom(...SEVERITIES) });
    const text = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom('哦', '好')), { maxLength: 4 }).map((parts) => parts.map(([times, mark]) => mark + '啊'.repeat(times)).join(''));
    await fc.assert(fc.asyncProperty(fc.array(listed, { minLength: 10, maxLength: 40 }), text, async (words, written) => {
      const entries = words.map(({ times, before, ...rest }) => word(before + '啊'.repeat(times), rest));
      const every = entries.flatMap((entry) => [...written].flatMap((_, from) => (written.startsWith(entry.text, from) ? [{ entry, from, to: from + entry.text.length }] : [])));
      expect(outcome(scan(written, [await lexiconOf(entries)]))).toEqual(outcome(every));
    }), { numRuns: 200 });
  });

  it('lets a phrase excuse what it covers, and a severe word stand that it does not', async () => {
    const platform = await Lexicon.build([...nested('啊', { action: 'block' }), word('啊啊', { action: 'block', severity: 'high' })], { owner: 'platform', version: '1' });
    const tenant = await lexiconOf([word('啊'.repeat(100), { kind: 'allow' })]);
    const hits = scan('啊'.repeat(100), [platform, tenant]);
    expect([...new Set(hits.map(({ entry }) => entry.severity))]).toEqual(['high']);
  });
});

describe('a list of lines that look alike', () => {
  /** All of the same ten letters to the search. */
  const alike = Array.from({ length: 1_024 }, (_, at) => word([...at.toString(2).padStart(10, '0')].map((bit) => (bit === '1' ? 'B' : '8')).join('')));

  it('is searched for by some of them, and says how many it leaves out', async () => {
    const lexicon = await lexiconOf(alike);
    expect([lexicon.size, lexicon.leftOut]).toEqual([1_024, 1_024 - 64]);
    expect(scan('bbbbbbbbbb', [lexicon]).length).toBeGreaterThan(0);
  });

  it('leaves nothing out of what lists hold', async () => {
    expect((await lexiconOf([...nested('啊'), ...['毒品', '毒 品', '毒，品', 'dupin', 'DUPIN', 'Dupin'].map((text) => word(text))])).leftOut).toBe(0);
  });
});
