import { describe, expect, it } from 'vitest';
import type { LexiconEntry } from './lexicon-entry.js';
import { Lexicon } from './lexicon.js';
import { entryFault } from './pattern.js';
import { scan } from './scan.js';
import { Turns } from './turns.js';

const word = (text: string, rest: Partial<LexiconEntry> = {}): LexiconEntry => ({ kind: 'word', text, category: 'test', severity: 'medium', action: 'block', pinyin: false, ...rest });

describe('entryFault', () => {
  it.each([['，。 ', 'empty'], ['', 'empty'], ['\u200b😀', 'empty'], ['a', 'too_short'], ['Ａ', 'too_short'], ['7', 'too_short'], ['一', 'too_short'], ['毒', undefined], ['sb', undefined], ['词'.repeat(120), undefined], ['词'.repeat(121), 'too_long']])('%j: %s', (text, fault) => {
    expect(entryFault({ text })).toBe(fault);
  });
});

describe('Lexicon', () => {
  it('leaves out lines at fault', async () => {
    const lexicon = await Lexicon.build([word('违禁'), word('，'), word('a')], { owner: 'tenant', version: '7' });
    expect([lexicon.size, lexicon.version, lexicon.owner]).toEqual([1, '7', 'tenant']);
  });

  it('of nothing finds nothing', async () => {
    expect(scan('违禁', [await Lexicon.build([], { owner: 'tenant', version: '0' })])).toEqual([]);
  });

  it('tells lines apart that are written the same', async () => {
    const lexicon = await Lexicon.build([word('违禁', { category: 'one' }), word('違禁', { category: 'two' })], { owner: 'tenant', version: '1' });
    expect(scan('违禁', [lexicon]).map((hit) => hit.entry.category)).toEqual(['one', 'two']);
  });

  it('gives way to other work while it is built', async () => {
    let [time, pauses] = [0, 0];
    const turns = new Turns(() => (time += 1), async () => { pauses += 1; });
    await Lexicon.build(Array.from({ length: 100 }, (_, at) => word(`违禁${String.fromCodePoint(0x4e00 + at)}`)), { owner: 'tenant', version: '1', turns });
    // A look at the clock is a millisecond here: one for every line, a pause for every six.
    expect(pauses).toBeGreaterThanOrEqual(12);
    expect(turns.longest).toBeLessThan(10);
  });

  it('spells ü as u and as v', async () => {
    const lexicon = await Lexicon.build([word('绿帽子', { pinyin: true })], { owner: 'tenant', version: '1' });
    for (const text of ['lvmaozi', 'lumaozi', 'lü mao zi', '绿mao子']) expect(scan(text, [lexicon]), text).toHaveLength(1);
  });

  it('takes no pinyin of few letters, nor what lies within another word', async () => {
    const lexicon = await Lexicon.build([word('赌博', { pinyin: true }), word('枪支', { pinyin: true })], { owner: 'tenant', version: '1' });
    for (const text of ['dubo', 'xqiangzhi', 'qiangzhib', 'qiang zhidao', 'edu博客']) expect(scan(text, [lexicon]), text).toEqual([]);
    for (const text of ['qiangzhi', '买qiangzhi吗', '赌bo']) expect(scan(text, [lexicon]), text).toHaveLength(1);
  });
});
