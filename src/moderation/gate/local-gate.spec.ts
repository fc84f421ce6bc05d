import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stops } from '../text/hit-order.js';
import { type Hit, type LexiconEntry, SEVERITIES, WORD_ACTIONS } from '../text/lexicon-entry.js';
import { Lexicon } from '../text/lexicon.js';
import { MAX_BLANKS } from '../text/view.js';
import { masked, scan } from '../text/scan.js';
import { LocalGate } from './local-gate.js';

/** Few characters, so that words meet, overlap and cover each other. */
const ALPHABET = ['枪', '支', '法', '轮', '功', '一', '七', '六', 'a', 's', 'l', 'i', 'I', 'x', '3', '5', '1', '0', 'o', '$', '@', '!', '(', '.', '，', '。', ' ', '\n', '*', '\u200b', '\u0301', '\ufe0f', '😀', '𝓼', '𠮷', '🇸', 'ﬁ', '㍿', '轟', '\ud83d', '\ude00'];
const character = fc.constantFrom(...ALPHABET);
const stretch = fc.oneof({ weight: 12, arbitrary: character }, { weight: 1, arbitrary: fc.tuple(character, fc.integer({ min: 28, max: 40 })).map(([each, times]) => each.repeat(times)) });
const entry: fc.Arbitrary<LexiconEntry> = fc.record({
  kind: fc.constantFrom('word', 'word', 'allow'),
  text: fc.array(fc.constantFrom('枪', '支', '法', '轮', '功', '一', 'a', 's', 'l', 'i', 'x', '3', '5', '\u{20bb7}', ' '), { minLength: 1, maxLength: 5 }).map((characters) => characters.join('')),
  category: fc.constant('test'),
  severity: fc.constantFrom(...SEVERITIES),
  action: fc.constantFrom(...WORD_ACTIONS),
  pinyin: fc.boolean(),
});
/** Texts that often hold the words themselves, and pieces of them. */
const textOf = (entries: readonly LexiconEntry[]): fc.Arbitrary<string> =>
  fc.array(fc.oneof(stretch, entries.length > 0 ? fc.constantFrom(...entries.flatMap(({ text }) => [text, text.slice(1), [...text].join(' '), [...text].join('，')])) : stretch), { maxLength: 25 }).map((parts) => parts.join(''));
const scene = fc.tuple(fc.array(entry, { maxLength: 8 }), fc.array(entry, { maxLength: 4 })).chain(([platform, tenant]) => fc.record({
  platform: fc.constant(platform), tenant: fc.constant(tenant), text: textOf([...platform, ...tenant]), cuts: fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 60 }), renewals: fc.array(fc.boolean(), { maxLength: 60 }),
}));

function chunksOf(text: string, cuts: readonly number[]): readonly string[] {
  const chunks: string[] = [];
  let at = 0;
  for (const cut of cuts) {
    chunks.push(text.slice(at, at + cut));
    at += cut;
  }
  return [...chunks, text.slice(at)];
}

interface Outcome { readonly released: string; readonly hits: readonly Hit[]; readonly violation?: Hit | undefined }

/** Word by word what the gate promises: judge the whole text, then show what that allows. */
function promised(text: string, lexicons: readonly Lexicon[]): Outcome {
  const hits = scan(text, lexicons);
  const violation = hits.find(stops);
  const end = violation?.from ?? text.length;
  const before = hits.filter((hit) => !stops(hit) && (violation === undefined || hit.from < end));
  return { released: masked(text.slice(0, end), before.filter((hit) => hit.entry.action === 'mask')), hits: before, violation };
}

/** @param renewals before which chunks the lists are given anew */
function gated(chunks: readonly string[], lexicons: readonly Lexicon[], renewals: readonly boolean[] = []): Outcome {
  const gate = new LocalGate(lexicons);
  const steps = [...chunks.map((chunk, at) => {
    if (renewals[at] === true) gate.renew(lexicons);
    return gate.push(chunk);
  }), gate.end()];
  return { released: steps.map((step) => step.released).join(''), hits: steps.flatMap((step) => step.hits), violation: steps.find((step) => step.violation !== undefined)?.violation };
}

const word = (text: string, rest: Partial<LexiconEntry> = {}): LexiconEntry => ({ kind: 'word', text, category: 'test', severity: 'medium', action: 'block', pinyin: false, ...rest });

describe('LocalGate', () => {
  it('shows exactly what judging the whole text allows, whatever the text, the lists and the cuts, and however often it begins to search anew', async () => {
    const seen = { hits: 0, violations: 0, masks: 0 };
    await fc.assert(fc.asyncProperty(scene, async ({ platform, tenant, text, cuts, renewals }) => {
      const lexicons = [await Lexicon.build(platform, { owner: 'platform', version: '1' }), await Lexicon.build(tenant, { owner: 'tenant', version: '1' })];
      const expected = promised(text, lexicons);
      expect(gated(chunksOf(text, cuts), lexicons)).toEqual(expected);
      expect(gated(chunksOf(text, cuts), lexicons, renewals)).toEqual(expected);
      seen.hits += expected.hits.length;
      seen.violations += expected.violation === undefined ? 0 : 1;
      seen.masks += expected.hits.filter((hit) => hit.entry.action === 'mask').length;
    }), { numRuns: 3_000 });
    // The property means something only where words are met.
    expect(Math.min(seen.hits, seen.violations, seen.masks)).toBeGreaterThan(300);
  }, 60_000);

  it('shows, once the lists are others, what judging the whole by them allows of the rest', async () => {
    let [stopped, spanning] = [0, 0];
    const blocked = fc.array(entry.map((each): LexiconEntry => ({ ...each, kind: 'word', action: 'block' })), { maxLength: 6 });
    const scenes = fc.tuple(blocked, blocked).chain(([first, then]) => fc.tuple(fc.constant(first), fc.constant(then), textOf(then), fc.nat(40)));
    await fc.assert(fc.asyncProperty(scenes, async ([first, then, text, cut]) => {
      const [before, after] = await Promise.all([first, then].map((entries, at) => Lexicon.build(entries, { owner: 'platform', version: String(at) })));
      if (before === undefined || after === undefined || text.length > 120) return;
      const gate = new LocalGate([before]);
      const shown = gate.push(text.slice(0, cut));
      if (shown.violation !== undefined) return;
      gate.renew([after]);
      const steps = [gate.push(text.slice(cut)), gate.end()];
      const border = shown.released.length;
      const violation = scan(text, [after]).find((hit) => hit.to > border);
      const end = violation === undefined ? text.length : Math.max(border, violation.from);
      expect(steps.map(({ released }) => released).join('')).toBe(text.slice(border, end));
      expect(steps.find((step) => step.violation !== undefined)?.violation?.from).toBe(violation === undefined ? undefined : end);
      if (violation !== undefined) stopped += 1;
      if (violation !== undefined && violation.from < border) spanning += 1;
    }), { numRuns: 2_000 });
    expect(Math.min(stopped, spanning)).toBeGreaterThan(20);
  }, 60_000);

  it('holds back the longest beginning of a word, and nothing else', async () => {
    const gate = new LocalGate([await Lexicon.build([word('违禁词'), word('shit')], { owner: 'platform', version: '1' })]);
    expect(gate.push('这是违')).toEqual({ released: '这是', hits: [] });
    expect(gate.push('禁').released).toBe('');
    expect(gate.push('品').released).toBe('违禁品');
    expect(gate.push('shi').released).toBe('');
    expect(gate.push('p，违').released).toBe('ship，');
    expect(gate.end()).toEqual({ released: '违', hits: [] });
  });

  it('waits for the character behind a Latin word, and for a phrase that may excuse', async () => {
    const lexicons = [await Lexicon.build([word('shit'), word('枪支'), word('枪支管理法', { kind: 'allow' })], { owner: 'platform', version: '1' })];
    const gate = new LocalGate(lexicons);
    expect(gate.push('shit')).toEqual({ released: '', hits: [] });
    expect(gate.push('ake，').released).toBe('shitake，');
    expect(gate.push('枪支管理')).toEqual({ released: '', hits: [] });
    expect(gate.push('法。').released).toBe('枪支管理法。');
    expect(gate.push('枪支管')).toEqual({ released: '', hits: [] });
    expect(gate.push('制')).toMatchObject({ released: '', violation: { from: 14, to: 16 } });
  });

  it('covers words to be masked and goes on', async () => {
    const gate = new LocalGate([await Lexicon.build([word('违禁词', { action: 'mask' })], { owner: 'platform', version: '1' })]);
    expect(gate.push('一个违').released + gate.push(' 禁\u200b').released + gate.push('词吗').released).toBe('一个****吗');
  });

  it('shows nothing after a violation', async () => {
    const gate = new LocalGate([await Lexicon.build([word('违禁词')], { owner: 'platform', version: '1' })]);
    expect(gate.push('有违禁词和别的')).toMatchObject({ released: '有', violation: { from: 1, to: 4 } });
    expect([gate.push('更多'), gate.end()]).toEqual([{ released: '', hits: [] }, { released: '', hits: [] }]);
  });

  it('holds a bounded piece of what can be seen, whatever is put between the characters', async () => {
    const gate = new LocalGate([await Lexicon.build([word('违禁词')], { owner: 'platform', version: '1' })]);
    let most = 0;
    for (const each of ['违', ...Array.from({ length: 5_000 }, () => ' '), '违'.repeat(1_000), '，'.repeat(10_000)]) {
      gate.push(each);
      most = Math.max(most, gate.holds);
    }
    expect(most).toBeLessThanOrEqual(MAX_BLANKS + 8);
  });

  it('holds what can not be seen until it knows, however much there is of it', async () => {
    const gate = new LocalGate([await Lexicon.build([word('违禁词')], { owner: 'platform', version: '1' })]);
    const steps = ['好违', '\u200b'.repeat(10_000), '禁', '\u0301'.repeat(10_000), '词'].map((chunk) => gate.push(chunk));
    expect(steps.map(({ released }) => released).join('')).toBe('好');
    expect(steps.at(-1)?.violation?.entry.text).toBe('违禁词');
  });
});
