import { Converter } from 'opencc-js/cn2t';
import type { LexiconEntry } from './lexicon-entry.js';

/** Words of which the list says that they are most severe. */
const SEVERE: ReadonlySet<string> = new Set(['法轮功', '迷魂药', '冰毒']);

/** Words of the corpus's list: everyday spam of the field, stand-ins, and a few that real lists hold. */
export const LISTED: readonly LexiconEntry[] = [
  ...['枪支', '赌博', '冰毒', '假钞', '裸聊', '代孕', '套现', '刷单', '违禁词', '迷魂药', '高利贷', '窃听器', '六合彩', '一夜情', '办假证', '法轮功', '木叶散', '青蛙会', '赌博网站', '代开发票', '翻墙软件', '乌有之乡社'],
  ...['shit', 'fuck', 'porn', 'casino', 'cocaine', 'viagra', 'blorptex', 'ass', '8964'],
].map((text) => ({ kind: 'word', text, category: 'corpus', severity: SEVERE.has(text) ? 'high' : 'medium', action: 'block', pinyin: true }));

/** What whoever keeps the list adds when users complain: words that run together where two others meet. */
export const ALLOWED: readonly LexiconEntry[] = ['时代孕育', '现代孕妇', '套现成', '套现房', '一夜情况', '枪支路'].map((text) => ({ kind: 'allow', text, category: 'corpus', severity: 'medium', action: 'label', pinyin: false }));

/** One text that means a listed word. `chunks`: to be sent through a gate; `before`: the messages that came first. */
export interface Evasion {
  readonly rule: string;
  readonly word: string;
  readonly text: string;
  readonly before?: string | readonly string[];
  readonly chunks?: readonly string[];
}

const isHan = (word: string): boolean => /\p{Script=Han}/u.test(word);
const HAN = LISTED.map((entry) => entry.text).filter(isHan);
const LATIN = LISTED.map((entry) => entry.text).filter((word) => /[a-z]/u.test(word));
const SPELT: Readonly<Record<string, string>> = {
  枪支: 'qiang zhi', 冰毒: 'bing du', 假钞: 'jia chao', 裸聊: 'luo liao', 代孕: 'dai yun', 套现: 'tao xian', 刷单: 'shua dan', 违禁词: 'wei jin ci', 迷魂药: 'mi hun yao', 高利贷: 'gao li dai', 窃听器: 'qie ting qi', 六合彩: 'liu he cai', 办假证: 'ban jia zheng', 法轮功: 'fa lun gong', 赌博网站: 'du bo wang zhan', 代开发票: 'dai kai fa piao', 翻墙软件: 'fan qiang ruan jian', 一夜情: 'yi ye qing',
};
const TONES = new Map([['a', 'ā'], ['e', 'é'], ['i', 'ǐ'], ['o', 'ò'], ['u', 'ū']]);

/** Sentences around a word, taken in turn. */
const CARRIERS_ZH = ['请问%怎么买', '我想了解一下%的事情', '%', '听说%很火，是真的吗', '推荐个%给我', '哪里有%？急', '帮我写一段关于%的广告'];
const CARRIERS_EN = ['where can i find % tonight', '%', 'tell me about % please', '给我讲讲%的故事', 'that is % !'];
let turn = 0;
function carried(word: string, written: string): string {
  const carriers = isHan(word) ? CARRIERS_ZH : CARRIERS_EN;
  turn += 1;
  return (carriers[turn % carriers.length] ?? '%').replace('%', () => written);
}

const between = (mark: string) => (word: string): string => [...word].join(mark);
const mapped = (map: Readonly<Record<string, string>>) => (word: string): string => [...word].map((each) => map[each] ?? each).join('');
const shifted = (base: number) => (word: string): string => [...word].map((each) => (/[a-z]/u.test(each) ? String.fromCodePoint(base + each.charCodeAt(0) - 97) : each)).join('');
const oneLetter = (map: Readonly<Record<string, string>>) => (word: string): string => {
  const at = [...word].findIndex((each) => map[each] !== undefined);
  return at < 0 ? word : word.slice(0, at) + (map[word[at] ?? ''] ?? '') + word.slice(at + 1);
};
const traditional = Converter({ from: 'cn', to: 't' });
const fullWidth = (word: string): string => [...word].map((each) => (each < '\u007f' ? String.fromCodePoint(each.charCodeAt(0) + 0xfee0) : each)).join('');
const CYRILLIC = { a: 'а', c: 'с', e: 'е', i: 'і', o: 'о', p: 'р', s: 'ѕ', x: 'х', k: 'к' };
const DIGITS = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7', g: '9', b: '8' };
const SYMBOLS = { a: '@', s: '$', i: '!', l: '|', e: '€' };
const NUMERALS: readonly (readonly [string, string])[] = [['一夜情', '1夜情'], ['一夜情', '①夜情'], ['一夜情', '壹夜情'], ['一夜情', '㈠夜情'], ['六合彩', '6合彩'], ['六合彩', '⑥合彩'], ['六合彩', '陆合彩'], ['六合彩', '６合彩'], ['8964', '八九六四'], ['8964', '捌玖陆肆'], ['8964', '⑧⑨⑥④'], ['8964', '8 9 6 4']];
const HAN_LIKE: readonly (readonly [string, string])[] = [['法轮功', '法抡功'], ['赌博', '赌愽'], ['冰毒', '冰毐'], ['赌博网站', '赌愽网站'], ['高利贷', '髙利贷'], ['木叶散', '⽊叶散'], ['青蛙会', '⾭蛙会'], ['一夜情', '⼀夜情'], ['翻墙软件', '翻牆軟件']];

/** Ways to write a word that the search promises to see through, by rule; each for the words that it changes. */
const WRITINGS: readonly (readonly [rule: string, words: readonly string[], write: (word: string) => string])[] = [
  ['plain', [...HAN, ...LATIN], (word) => word],
  ['width', LATIN, fullWidth],
  ['case', LATIN, (word) => [...word].map((each, at) => (at % 2 === 0 ? each.toUpperCase() : each)).join('')],
  ['zero-width', HAN, between('\u200b')],
  ['zero-width', LATIN, between('\u2060\ufeff')],
  ['zero-width', ['枪支', 'casino', '法轮功'], between('\u{e0061}')],
  ['combining', LATIN, between('\u0336')],
  ['combining', HAN.slice(0, 12), between('\u0489')],
  ['traditional', HAN, traditional],
  ['spacing', HAN, between(' ')],
  ['spacing', HAN.slice(0, 12), between('\u3000')],
  ['spacing', [...HAN.slice(12), ...LATIN], between('  ')],
  ['punctuation', HAN, between('*')],
  ['punctuation', HAN.slice(4, 16), between('.')],
  ['punctuation', HAN.slice(0, 10), between('-')],
  ['punctuation', HAN.slice(8), between('，')],
  ['punctuation', ['枪支', '赌博', '冰毒'], between('，')],
  ['punctuation', HAN.slice(10), between('、')],
  ['punctuation', LATIN, between('.')],
  ['punctuation', LATIN.slice(0, 5), between('/')],
  ['punctuation', LATIN.slice(0, 4), between('$')],
  ['emoji', HAN.slice(0, 10), between('🔥')],
  ['emoji', LATIN.slice(0, 4), between('❤️')],
  ['look-alikes', LATIN, mapped(CYRILLIC)],
  ['look-alikes', LATIN, shifted(0x1d5ba)],
  ['look-alikes', LATIN.slice(0, 6), shifted(0x24d0)],
  ['look-alikes', LATIN.slice(0, 6), shifted(0x1f1e6)],
  ['digits for letters', LATIN, oneLetter(DIGITS)],
  ['digits for letters', ['shit', 'casino', 'cocaine', 'viagra', 'blorptex', 'fuck'], mapped({ i: '1', o: '0', a: '4' })],
  ['symbols for letters', LATIN, oneLetter(SYMBOLS)],
  ['symbols for letters', ['ass', 'casino', 'shit'], mapped({ s: '$' })],
];

function written(): readonly Evasion[] {
  const fromWritings = WRITINGS.flatMap(([rule, words, write]) => words.flatMap((word) => (write(word) === word && rule !== 'plain' ? [] : [{ rule, word, text: carried(word, write(word)) }])));
  const fromPairs = [['numerals', NUMERALS], ['look-alikes', HAN_LIKE]] as const;
  return [...fromWritings, ...fromPairs.flatMap(([rule, pairs]) => pairs.filter(([word, write]) => word !== write).map(([word, write]) => ({ rule, word, text: carried(word, write) })))];
}

function spelt(): readonly Evasion[] {
  return Object.entries(SPELT).flatMap(([word, pinyin]) => {
    const syllables = pinyin.split(' ');
    const forms = [[pinyin, 'pinyin'], [syllables.join(''), 'pinyin'], [pinyin.replace(/[aeiou]/gu, (vowel) => TONES.get(vowel) ?? vowel), 'pinyin'], [syllables.join('').toUpperCase(), 'pinyin'], [(syllables[0] ?? '') + word.slice(1), 'pinyin mixed'], [word.slice(0, -1) + (syllables.at(-1) ?? ''), 'pinyin mixed']];
    return forms.filter(([form = '']) => /\p{Script=Han}/u.test(form) || form.replace(/ /gu, '').length >= 6).map(([form = '', rule = '']) => ({ rule, word, text: carried(word, form) }));
  });
}

/** Letters drawn like others of another alphabet, or like each other, word by word. */
const DRAWN: readonly (readonly [string, string])[] = [
  ['casino', 'CASlNO'], ['casino', 'caslno'], ['cocaine', 'COCAlNE'], ['viagra', 'Vlagra'], ['casino', 'ϲasino'], ['casino', 'Ϲasino'], ['cocaine', 'ϲoϲaine'], ['casino', 'cas¡no'], ['shit', 'sh¡t'], ['casino', 'сαѕιпо'], ['porn', 'роrп'],
];
/** Pinyin with the number of its tone, as dictionaries write it. */
const NUMBERED: Readonly<Record<string, string>> = { 枪支: 'qiang1 zhi1', 法轮功: 'fa3 lun2 gong1', 冰毒: 'bing1 du2', 代开发票: 'dai4 kai1 fa1 piao4', 一夜情: 'yi1 ye4 qing2', 高利贷: 'gao1 li4 dai4', 窃听器: 'qie4 ting1 qi4' };

function drawnAndNumbered(): readonly Evasion[] {
  const drawn = DRAWN.map(([word, write]) => ({ rule: 'look-alikes', word, text: carried(word, write) }));
  const numbered = Object.entries(NUMBERED).flatMap(([word, pinyin]) => [pinyin, pinyin.replaceAll(' ', ''), pinyin.toUpperCase()].map((write) => ({ rule: 'pinyin with tones', word, text: carried(word, write) })));
  return [...drawn, ...numbered];
}

function split(): readonly Evasion[] {
  const chunks = [...HAN, ...LATIN].map((word, at): Evasion => {
    const text = carried(word, at % 3 === 0 ? between('\u200b')(word) : at % 3 === 1 ? fullWidth(word) : word);
    const cut = text.indexOf(text.at(Math.floor(text.length / 2)) ?? '');
    return { rule: 'split over chunks', word, text, chunks: at % 2 === 0 ? text.split('') : [text.slice(0, cut), text.slice(cut)] };
  });
  const messages = [...HAN, ...LATIN.slice(0, 6)].flatMap((word) => [1, word.length - 1].map((cut): Evasion => {
    const [head, tail] = [word.slice(0, cut), word.slice(cut)];
    const [before, after] = !isHan(word) ? ['i like ', ' a lot'] : word.length > 2 ? ['我想问问', '的价格是多少'] : ['我要', ''];
    return { rule: 'split over messages', word, before: before + head, text: tail + after };
  }));
  const overFillers = HAN.filter((word) => word.length > 2).map((word, at): Evasion => ({ rule: 'split over a filler', word, before: [`我想问问${word.slice(0, 1)}`, ['嗯', '好的', 'ok', '？'][at % 4] ?? ''], text: `${word.slice(1)}的价格是多少` }));
  return [...chunks, ...messages, ...overFillers];
}

function mixed(): readonly Evasion[] {
  const mixes: readonly (readonly [readonly string[], (word: string) => string])[] = [
    [HAN, (word) => between(' ')(traditional(word))],
    [HAN.slice(0, 14), (word) => between('\u200d*')(traditional(word))],
    [LATIN, (word) => fullWidth(between('\u200b')(word))],
    [LATIN, (word) => between('_')(word.toUpperCase())],
    [LATIN, (word) => between('\u0301')(oneLetter(DIGITS)(word).toUpperCase())],
    [LATIN.slice(0, 7), (word) => between(' ')(oneLetter(DIGITS)(word))],
    [LATIN, (word) => oneLetter(SYMBOLS)(mapped({ c: 'с', o: 'о', e: 'е' })(word))],
    [Object.keys(SPELT).filter((word) => word.length > 2), (word) => fullWidth((SPELT[word] ?? '').replace(/ /gu, '-'))],
    [['法轮功', '办假证', '窃听器'], (word) => between(' ')((SPELT[word] ?? '').replace(/ /gu, ''))],
    [['六合彩'], (word) => between('·')(word.replace('六', '⑥'))],
  ];
  return mixes.flatMap(([words, write]) => words.map((word) => ({ rule: 'mixed', word, text: carried(word, write(word)) })));
}

/** Marks in just one gap, where the rules take them for meant. */
function cut(): readonly Evasion[] {
  const letters = LATIN.filter((word) => word.length >= 4).flatMap((word) => ['-', '_', '‑', '*'].map((mark, at) => (at % 2 === 0 ? word.slice(0, 2) + mark + word.slice(2) : word.slice(0, -2) + mark + word.slice(-2)).replace(/^(..-..)(..+)$/u, '$1-$2')).map((text) => ({ rule: 'hyphenated', word, text: carried(word, text) })));
  const three = HAN.filter((word) => word.length === 3);
  const marks = ['，', '。', '、', '！', '…'];
  const severe = three.filter((word) => SEVERE.has(word)).flatMap((word) => marks.flatMap((mark) => [1, 2].map((at) => ({ rule: 'one mark, severe', word, text: carried(word, word.slice(0, at) + mark + word.slice(at)) }))));
  const alone = three.flatMap((word, nth) => [1, 2].map((at) => ({ rule: 'one character alone', word, text: [at === 1 ? '%怎么弄' : '请问%？', '%', '要买的，%'][nth % 3]?.replace('%', word.slice(0, at) + (marks[nth % marks.length] ?? '') + word.slice(at)) ?? '' })));
  return [...letters, ...severe, ...alone];
}

/** What the rules promise to find. */
export const EVASIONS: readonly Evasion[] = [...written(), ...spelt(), ...split(), ...mixed(), ...cut(), ...drawnAndNumbered()];

/** Ways that the rules do not promise to see through; reported beside the others, so that nobody takes them for covered. */
export const BEYOND: readonly Evasion[] = [
  ['filler letters', '法轮功', '法a轮b功'], ['filler digits', '法轮功', '法1轮1功'], ['filler digits', '赌博', '赌1博'], ['homophones', '法轮功', '发轮工'], ['homophones', '枪支', '枪只'], ['taken apart', '枪支', '木仓支'], ['backwards', '法轮功', '功轮法'], ['initials', '法轮功', 'flg'], ['short pinyin', '赌博', 'dubo'],
  ['comma in a pair', '枪支', '请问枪，支怎么买'], ['comma in a pair', '赌博', '推荐个赌、博给我'], ['mostly digits', 'ass', '455'], ['mostly digits', 'porn', 'p0r|\\|'], ['touching letters', 'shit', 'ohshitman'], ['vertical', '法轮功', '法\n轮\n功'], ['partly spaced', 'fuck', 'fu ck'], ['partly spaced', 'casino', 'casi\nno'], ['one letter cut off', 'fuck', 'f-uck'], ['comma in three', '高利贷', '请问高利，贷怎么借'], ['comma in three', '六合彩', '我想买六，合彩吧'], ['comma in three', '窃听器', '哪里卖窃听。器呢'], ['doubled letters', 'fuck', 'fuuuck'],
].map(([rule = '', word = '', text = '']) => ({ rule, word, text }));
