import fc from 'fast-check';
import { countTokens as cl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as o200k } from 'gpt-tokenizer/encoding/o200k_base';
import { describe, expect, it } from 'vitest';
import { SEGMENT_LIMIT, segmentsOf } from './segments.js';
import { TokenCounter, encodingOf, type Encoding } from './token-counter.js';

const plain = { allowedSpecial: new Set<string>(), disallowedSpecial: new Set<string>() };
const exact: Record<Encoding, (text: string) => number> = { o200k_base: (text) => o200k(text, plain), cl100k_base: (text) => cl100k(text, plain) };
const counter = new TokenCounter();

const word = fc.constantFrom('hello', "don't", "WE'LL", 'naïve', 'cafe\u0301', '你好', '世界', '今天天气', '怎么样', '12345', '3.14', 'ＡＢＣ', '😀', '👨‍👩‍👧', 'x=y+1;', '--', '\u{2A6A5}', '<|endoftext|>', '‘quoted’', 'ünï');
const glue = fc.constantFrom(' ', '  ', '\n', '\r\n\r\n', '，', '。', '！？', ', ', '. ', '/', ' - ', '\t', '…', '、');
const normalText = fc.array(fc.tuple(word, glue), { maxLength: 120 }).map((pairs) => pairs.map(([a, b]) => a + b).join(''));

describe('TokenCounter', () => {
  it.each(['o200k_base', 'cl100k_base'] as const)('counts texts as %s does', async (encoding) => {
    await fc.assert(fc.asyncProperty(normalText, async (text) => {
      expect(await counter.count(text, encoding)).toBe(exact[encoding](text));
    }), { numRuns: 300 });
  });

  it('is never too low, and too high by the number of cuts at most, whatever the text', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 2_000 }), async (text) => {
      fc.pre(text.isWellFormed());
      const counted = await counter.count(text, 'o200k_base');
      expect(Math.abs(counted - exact.o200k_base(text))).toBeLessThanOrEqual(2 * [...segmentsOf(text)].length);
    }));
  });

  it('counts what looks like a special token as plain text', async () => {
    expect(await counter.count('<|endoftext|>', 'o200k_base')).toBeGreaterThan(1);
  });

  it('gives way to other work in the middle of a long text', async () => {
    let time = 0;
    let turns = 0;
    const slow = new TokenCounter(async () => { turns += 1; }, () => (time += 1));
    await slow.count('中'.repeat(20_000), 'o200k_base');
    // 157 segments, a look at the clock every 4, each 1 ms later: a turn at every fourth look or so.
    expect(turns).toBeGreaterThanOrEqual(7);
  });

  it('shares a turn among all who count: many at once take no longer a turn than one', async () => {
    let time = 0;
    let inTurn = 0;
    let longest = 0;
    const shared = new TokenCounter(() => new Promise((resolve) => setImmediate(() => { inTurn = 0; resolve(); })), () => {
      inTurn += 1;
      longest = Math.max(longest, inTurn);
      return (time += 1);
    });
    await shared.warm(['o200k_base']);
    await Promise.all(Array.from({ length: 20 }, () => shared.count('中'.repeat(4_000), 'o200k_base')));
    // Every look costs a millisecond here, the 20 looks of those that find no time left included.
    expect(longest).toBeLessThan(40);
  });

  it('adds what the chat format adds', async () => {
    expect(await counter.countMessages([{ content: '你好' }, { content: '' }], 'o200k_base')).toBe(3 + 3 + 3 + exact.o200k_base('你好'));
  });

  it.each([['gpt-4', 'cl100k_base'], ['gpt-4-turbo', 'cl100k_base'], ['gpt-3.5-turbo', 'cl100k_base'], ['gpt-4o-mini', 'o200k_base'], ['gpt-4.1', 'o200k_base'], ['deepseek-chat', 'o200k_base']])('takes the tokenizer of %s', (model, encoding) => {
    expect(encodingOf(model)).toBe(encoding);
  });
});

describe('segmentsOf', () => {
  it('loses nothing, keeps pairs whole and stays within the limit', () => {
    const hostile = fc.oneof(fc.string({ unit: 'binary', maxLength: 3_000 }), fc.constantFrom('中', 'a', '!', ' ', '😀', '\u0301', '\n').map((unit) => unit.repeat(3_000)), normalText);
    fc.assert(fc.property(hostile, (text) => {
      fc.pre(text.isWellFormed());
      const segments = [...segmentsOf(text)];
      expect(segments.join('')).toBe(text);
      for (const segment of segments) expect(segment.length <= SEGMENT_LIMIT && segment.isWellFormed()).toBe(true);
    }));
  });
});
