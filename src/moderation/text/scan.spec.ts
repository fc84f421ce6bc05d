import { describe, expect, it } from 'vitest';
import type { LexiconEntry } from './lexicon-entry.js';
import { Lexicon } from './lexicon.js';
import { masked, scan, scanInTurns } from './scan.js';
import { Turns } from './turns.js';

const word = (text: string, rest: Partial<LexiconEntry> = {}): LexiconEntry => ({ kind: 'word', text, category: 'test', severity: 'medium', action: 'block', pinyin: false, ...rest });
const lexiconOf = (entries: readonly LexiconEntry[], owner: 'platform' | 'tenant' = 'platform'): Promise<Lexicon> => Lexicon.build(entries, { owner, version: '1' });
const found = async (text: string, words: readonly (string | LexiconEntry)[], ...before: readonly string[]): Promise<readonly string[]> => {
  const lexicon = await lexiconOf(words.map((each) => (typeof each === 'string' ? word(each) : each)));
  return scan(text, [lexicon], before).map((hit) => text.slice(hit.from, hit.to));
};

describe('scan', () => {
  it.each([
    ['width', 'ｓｈｉｔ', 'shit'], ['case', 'ShIT', 'shit'], ['zero-width', '违\u200b禁\u2060词', '违禁词'], ['combining marks', 's\u0336h\u0336i\u0336t', 'shit'],
    ['traditional', '違禁詞', '违禁词'], ['spaces', '违 禁  词', '违禁词'], ['symbols', '违*禁_词', '违禁词'], ['commas', '法，轮，功', '法轮功'],
    ['digits', 'sh1t', 'shit'], ['symbols for letters', 'a$$', 'ass'], ['symbols between letters', 'f$u$c$k', 'fuck'], ['points', 'f.u.c.k', 'fuck'],
    ['Cyrillic', 'ѕhіt', 'shit'], ['mathematical', '𝓼𝓱𝓲𝓽', 'shit'], ['flags', '🇸🇭🇮🇹', 'shit'], ['circles', 'Ⓢⓗ🅘🅣', 'shit'], ['capital I', 'kiIl', 'kill'],
    ['numerals', '①夜情', '一夜情'], ['capital numerals', '壹夜情', '一夜情'], ['numbers in Han', '八九六四', '8964'], ['two alone', '卖，赌，博，', '赌博'],
    ['a small L for a capital I', 'CASlNO', 'casino'], ['a lunate sigma', 'ϲasino', 'casino'], ['a mark upside down', 'cas¡no', 'casino'], ['Greek and Cyrillic', 'сαѕιпо', 'casino'], ['much that is not seen', `违禁${'\u200b'.repeat(500)}词`, '违禁词'], ['many blanks', `违禁${' '.repeat(3_000)}词`, '违禁词'], ['many ends of lines', `违\n禁${'\u3000\n'.repeat(1_000)}词`, '违禁词'], ['a hyphen', 'buy co-caine now', 'cocaine'], ['hyphens', 'CO‑CA_INE', 'cocaine'], ['cut off at the end', '请问法轮，功？', '法轮功'], ['cut off at the beginning', '问：法，轮功怎么练', '法轮功'],
    ['one comma in four', '违禁，词语', '违禁词语'], ['one line in four', '违禁\n词语', '违禁词语'], ['one bracket in four', '违禁（词）语', '违禁词语'],
  ])('finds a word in disguise: %s', async (_, text, listed) => {
    expect(await found(text, [listed])).toHaveLength(1);
  });

  it.each([
    ['拿着枪，支持我们', '枪支'], ['《手枪》支持率', '枪支'], ['他放下了枪……支持和平', '枪支'], ['classic', 'ass'], ['as shit', 'ass'], ['this hit', 'shit'], ['A55手机', 'ass'], ['therapist', 'the rapist'],
    ['那一夜，情绪低落', '一夜情'], ['怎么办，假证明', '办假证'], ['89-64', '8964'], ['s-hit', 'shit'], ["he'll pass", 'hell'], ['push-it', 'shit'], ['sh-its', 'shit'], ['co - caine', 'cocaine'], ['EP专辑', '3P'], ['64位', '六四'], ['mail', 'mall'], ['mall', 'mail'], ['falling', 'failing'], ['Walt', 'wait'], ['三星S8', 'sb'],
  ])('leaves %s in peace', async (text, listed) => {
    expect(await found(text, [listed])).toEqual([]);
  });

  it('finds what is most severe with a mark in just one place, from three characters on', async () => {
    const severe = (text: string) => word(text, { severity: 'high' });
    expect(await found('请问法轮，功怎么练', [severe('法轮功')])).toEqual(['法轮，功']);
    expect(await found('请问法。轮功怎么练', [severe('法轮功')])).toEqual(['法。轮功']);
    expect(await found('请问法轮，功怎么练', ['法轮功'])).toEqual([]);
    expect(await found('拿着枪，支持我们', [severe('枪支')])).toEqual([]);
  });

  it('finds pinyin where the list asks for it', async () => {
    const words = [word('法轮功', { pinyin: true })];
    for (const text of ['falungong', 'fa lun gong', 'Fǎ Lún Gōng', '法lun功', 'fa轮gong', 'f a l u n g o n g', 'fa3lun2gong1', 'fa3 lun2 gong1']) expect(await found(text, words), text).toEqual([text]);
    expect(await found('falungong', ['法轮功'])).toEqual([]);
  });

  it('finds what was split over two messages', async () => {
    expect(await found('功怎么练', ['法轮功'], '我想学法轮')).toEqual(['功']);
    expect(await found('支', ['枪支'], '我要买枪')).toEqual(['支']);
    expect(await found('支持一下', ['枪支'], '我要买枪')).toEqual([]);
    expect(await found('你好', ['法轮功'], '法轮功')).toEqual([]);
    expect(await found('功怎么练', ['法轮功'], '我想学法', '轮')).toEqual(['功']);
    expect(await found('轮功怎么练', ['法轮功'], '说说法', '')).toEqual(['轮功']);
  });

  it('finds what was split over messages with one between them that says next to nothing', async () => {
    expect(await found('轮功的价格', ['法轮功'], '我想问问法', '嗯')).toEqual(['轮功']);
    expect(await found('功', ['法轮功'], '法', '好的', '轮')).toEqual(['功']);
    expect(await found('ino a lot', ['casino'], 'i like cas', 'ok')).toEqual(['ino']);
    expect(await found('支', ['枪支'], '我要买枪', '嗯')).toEqual(['支']);
    expect(await found('支持一下', ['枪支'], '我要买枪', '嗯')).toEqual([]);
    expect(await found('轮功的价格', ['法轮功'], '我想问问法', '今天天气')).toEqual([]);
    expect(await found('轮功的价格', ['法轮功', word('法轮功的价格', { kind: 'allow' })], '我想问问法', '嗯')).toEqual([]);
    // Whatever is to be looked at is bounded: a gap of blanks reaches so far.
    expect(await found(`轮${' '.repeat(3_000)}功`, ['法轮功'], '法', '嗯')).toEqual([`轮${' '.repeat(3_000)}功`]);
    expect(await found('法轮功', ['法轮功'], '法', '轮')).toEqual(['法轮功']);
  });

  it('finds what was split over two messages with any number of characters between that are not seen', async () => {
    for (const nothing of ['\u200b', '\u2060\u{e0061}', ' ', '\n\u3000']) expect(await found('轮功怎么练', ['法轮功'], `说说法${nothing.repeat(500)}`)).toEqual(['轮功']);
  });

  it('excuses what an allowed phrase covers, but not for a tenant what is severe', async () => {
    const platform = await lexiconOf([word('枪支'), word('炸药', { severity: 'high' })]);
    const tenant = await lexiconOf([word('枪支管理法', { kind: 'allow' }), word('炸药奖', { kind: 'allow' })], 'tenant');
    expect(scan('枪支管理法和炸药奖，枪支', [platform, tenant]).map((hit) => [hit.entry.text, hit.from])).toEqual([['炸药', 6], ['枪支', 10]]);
  });

  it('finds the same in steps, and lets others run between them', async () => {
    const lexicon = await lexiconOf([word('违禁词'), word('shit')]);
    const text = `${'好天气'.repeat(700)}违禁${' '.repeat(3)}词${'shit，'.repeat(1_000)}`;
    let [turns, at] = [0, 0];
    const busy = new Turns(() => (at += 7), async () => { turns += 1; });
    expect(await scanInTurns(text, [lexicon], ['违禁'], busy)).toEqual(scan(text, [lexicon], ['违禁']));
    expect([scan(text, [lexicon]).length > 1, turns > 2]).toEqual([true, true]);
  });

  it('covers each character that is seen by a star', () => {
    expect(masked('a𝓼\u0336𝓱 \u200bb', [{ from: 1, to: 8 }])).toBe('a***b');
  });
});
