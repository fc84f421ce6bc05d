import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImportReading } from './import-reading.js';
import { SEVERITIES, WORD_ACTIONS } from '../text/lexicon-entry.js';
import { csvHeader, csvWord, readWordFile, type WordFileType } from './word-file.js';
import { CATEGORY, ENTRY_KINDS, REPLY, WORD_TEXT, type WordDraft } from './word-list.js';

const bare = { kind: 'word', category: undefined, severity: undefined, action: undefined, reply: undefined, pinyin: false };
/** As the service does: the byte order mark goes with the decoding. */
const read = (text: string, type: WordFileType) => [...readWordFile(new TextDecoder().decode(Buffer.from(text)), type)].filter((line) => line !== undefined);

describe('readWordFile', () => {
  it('takes one word of each line of a plain text, whatever ends it', () => {
    expect(read('\uFEFF# 评论\n 违禁词 \r\n\r\n词,二\r三\u0000\n最后', 'text/plain')).toEqual([
      { line: 2, draft: { ...bare, text: '违禁词' } },
      { line: 4, draft: { ...bare, text: '词,二' } },
      { line: 5, fault: 'text must have 1 to 100 characters, and no control characters' },
      { line: 6, draft: { ...bare, text: '最后' } },
    ]);
  });

  it('takes columns as the header names them, in any order', () => {
    expect(read('\uFEFFPinyin,Text ,action,kind\r\n是,法轮,BLOCK,\r\n,好词,,allow\r\n', 'text/csv')).toEqual([
      { line: 2, draft: { ...bare, text: '法轮', action: 'block', pinyin: true } },
      { line: 3, draft: { ...bare, text: '好词', kind: 'allow' } },
    ]);
  });

  it('takes them in the usual order where there is no header', () => {
    expect(read('词,政治,high,answer,"换个话题吧,\n好吗",true,word\n\n只有词', 'text/csv')).toEqual([
      { line: 1, draft: { text: '词', kind: 'word', category: '政治', severity: 'high', action: 'answer', reply: '换个话题吧,\n好吗', pinyin: true } },
      { line: 4, draft: { ...bare, text: '只有词' } },
    ]);
  });

  it('says what is wrong with a line, and goes on', () => {
    const rows = ['text,category,severity,action,reply,pinyin,kind', ',a', `${'长'.repeat(101)}`, `词,${'c'.repeat(41)}`, '词,,worst', '词,,,delete', `词,,,,${'r'.repeat(501)}`, '词,,,,,maybe', '词,,,,,,deny', '词,,,,,,,more', 'a"b', '好'];
    expect(read(rows.join('\n'), 'text/csv').map((line) => ('fault' in line ? [line.line, line.fault.split(' ')[0]] : line.draft.text))).toEqual([
      [2, 'text'], [3, 'text'], [4, 'category'], [5, 'severity'], [6, 'action'], [7, 'reply'], [8, 'pinyin'], [9, 'kind'], [10, 'it'], [11, 'a'], '好',
    ]);
  });

  it('pauses at every line, those that say nothing among them', () => {
    expect([...readWordFile('\n'.repeat(1_000), 'text/plain')]).toHaveLength(1_000);
    expect([...readWordFile('text\n,,\n\n', 'text/csv')]).toHaveLength(2);
  });
});

const fitting = (form: RegExp, maxLength: number) => fc.string({ unit: fc.oneof(fc.constantFrom('=', '+', '-', '@', "'", '"', ',', ' ', '\n', '词', '＝', '#'), fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })), minLength: 1, maxLength }).map((text) => text.trim()).filter((text) => form.test(text));
const maybe = <T>(given: fc.Arbitrary<T>) => fc.option(given, { nil: undefined });
const drafts: fc.Arbitrary<WordDraft> = fc.record({
  text: fitting(WORD_TEXT, 20), kind: fc.constantFrom(...ENTRY_KINDS), category: maybe(fitting(CATEGORY, 10)), severity: maybe(fc.constantFrom(...SEVERITIES)),
  action: maybe(fc.constantFrom(...WORD_ACTIONS)), reply: maybe(fitting(REPLY, 20)), pinyin: fc.boolean(),
});

describe('an exported file', () => {
  it('is read as it was written', () => {
    fc.assert(fc.property(fc.array(drafts, { maxLength: 10 }), (words) => {
      const file = csvHeader() + words.map((word) => csvWord(word)).join('');
      expect(read(file, 'text/csv').map((line) => ('draft' in line ? line.draft : line))).toEqual(words);
    }), { numRuns: 1_000 });
  });
});

describe('ImportReading', () => {
  it('takes each word once, names the first hundred bad lines and counts the others', () => {
    const reading = new ImportReading();
    for (const line of readWordFile(['词语', '词语', '，', ...Array.from({ length: 200 }, () => '!')].join('\n'), 'text/plain')) if (line !== undefined) reading.take(line);
    expect([reading.drafts.length, reading.badLines, reading.firstBadLines.length]).toEqual([1, 202, 100]);
    expect(reading.firstBadLines.slice(0, 2)).toEqual([{ line: 2, fault: 'the word stands in line 1 already' }, { line: 3, fault: 'text must have more than blanks and punctuation' }]);
  });

  it('takes so many lines that look alike to the search, and names the others', () => {
    const reading = new ImportReading();
    const lines = Array.from({ length: 70 }, (_, at) => `赌${' '.repeat(at)}博`);
    for (const line of readWordFile([...lines, '赌徒'].join('\n'), 'text/plain')) if (line !== undefined) reading.take(line);
    expect([reading.drafts.length, reading.badLines]).toEqual([65, 6]);
    expect(reading.firstBadLines[0]).toEqual({ line: 65, fault: '64 words that are found alike stand in the file already' });
  });
});
