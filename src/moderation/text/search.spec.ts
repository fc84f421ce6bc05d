import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Kind, kindOf } from './fold.js';
import { byPlace } from './hit-order.js';
import { SEVERITIES, WORD_ACTIONS, type Hit, type LexiconEntry } from './lexicon-entry.js';
import { Lexicon } from './lexicon.js';
import { BASE } from './pattern.js';
import { Meant, qualify } from './qualification.js';
import { scan } from './scan.js';
import { isAlphanumeric, unitOf } from './standing.js';
import { View, viewOf, type ViewUnit } from './view.js';

const LETTERS = ['枪', '支', '法', '轮', '一', 'a', 's', 'l', 'i', '3', '5'];
const entry: fc.Arbitrary<LexiconEntry> = fc.record({
  kind: fc.constantFrom('word', 'word', 'allow'), text: fc.array(fc.constantFrom(...LETTERS, ' '), { minLength: 1, maxLength: 4 }).map((each) => each.join('')),
  category: fc.constant('test'), severity: fc.constantFrom(...SEVERITIES), action: fc.constantFrom(...WORD_ACTIONS), pinyin: fc.constant(false),
});
const stray = fc.constantFrom(...LETTERS, ' ', '，', '*', '.', '\u200b', 'I', '1', '七', 'ﬁ');
/** Words of the lists, whole, in part and taken apart, among strays. */
const textOf = (entries: readonly LexiconEntry[]): fc.Arbitrary<string> =>
  fc.array(entries.length === 0 ? stray : fc.oneof(stray, fc.constantFrom(...entries.flatMap(({ text }) => [text, text.slice(1), [...text].join(' '), [...text].join('，'), text.replace('i', '1').replace('s', '5')]))), { maxLength: 16 }).map((each) => each.join(''));
const scene = fc.tuple(fc.array(entry, { maxLength: 6 }), fc.array(entry, { maxLength: 4 })).chain(([platform, tenant]) => fc.tuple(fc.constant(platform), fc.constant(tenant), textOf([...platform, ...tenant])));

/** The same finds without an automaton, without a stream: every word at every place. */
function everywhere(text: string, lexicons: readonly Lexicon[]): readonly Hit[] {
  const units = viewOf(text);
  const found = lexicons.flatMap((lexicon) => units.flatMap((_, last) => Array.from(lexicon.patterns.entryOf, (_, pattern) => at(text, units, last, lexicon, pattern))).filter((hit) => hit !== undefined));
  const covers = (phrase: Hit, hit: Hit): boolean => phrase.entry.kind === 'allow' && phrase.from <= hit.from && phrase.to >= hit.to && !(phrase.owner === 'tenant' && hit.owner === 'platform' && hit.entry.severity === 'high');
  return found.filter((hit) => hit.entry.kind === 'word' && !found.some((phrase) => covers(phrase, hit))).sort(byPlace);
}

function at(text: string, units: readonly ViewUnit[], last: number, lexicon: Lexicon, pattern: number): Hit | undefined {
  const { patterns } = lexicon;
  const cells = [...patterns.cells.slice(patterns.starts[pattern], patterns.starts[pattern + 1])];
  const first = last + 1 - cells.length;
  if (first < 0 || cells.some((cell, index) => unitOf(cell & BASE) !== units[first + index]?.unit)) return undefined;
  const meant = qualify(viewUntil(text, last), last, patterns, pattern);
  const [from, to] = [units[first]?.from ?? 0, units[last]?.to ?? 0];
  const entry = lexicon.entries[patterns.entryOf[pattern] ?? 0];
  return entry !== undefined && happens(meant, text, units, last) ? { entry, from, to, owner: lexicon.owner } : undefined;
}

function viewUntil(text: string, last: number): View {
  const view = new View();
  const units = viewOf(text);
  let at = 0;
  for (const character of text) {
    const own = units.filter((unit) => unit.from === at);
    for (const unit of own) if (view.count <= last) view.add(unit.base, unit.from, unit.to);
    if (own.length === 0) view.skip(kindOf(character.codePointAt(0) ?? 0));
    at += character.length;
  }
  return view;
}

function happens(meant: Meant, text: string, units: readonly ViewUnit[], last: number): boolean {
  if (meant === Meant.no || meant === Meant.yes) return meant === Meant.yes;
  const next = units[last + 1];
  const between = text.slice(units[last]?.to ?? 0, next?.from ?? text.length);
  const gap = next === undefined || [...between].some((each) => kindOf(each.codePointAt(0) ?? 0) !== Kind.ignored);
  return gap || (meant === Meant.edge && !isAlphanumeric(next.base));
}

describe('scan', () => {
  it('finds what looking for every word at every place finds', async () => {
    let met = 0;
    await fc.assert(fc.asyncProperty(scene, async ([platform, tenant, written]) => {
      const lexicons = [await Lexicon.build(platform, { owner: 'platform', version: '1' }), await Lexicon.build(tenant, { owner: 'tenant', version: '1' })];
      const hits = scan(written, lexicons);
      met += hits.length;
      const places = (list: readonly Hit[]): readonly unknown[] => list.map((hit) => [hit.from, hit.to, hit.entry.action, hit.entry.text, hit.owner]);
      expect(places(hits)).toEqual(places(everywhere(written, lexicons)));
    }), { numRuns: 1_500 });
    expect(met).toBeGreaterThan(700);
  });

  it('finds after another message what it finds alone, and besides only what begins there', async () => {
    let spanning = 0;
    const words = fc.array(entry.map((each) => ({ ...each, kind: 'word' as const })), { maxLength: 8 });
    await fc.assert(fc.asyncProperty(words.chain((entries) => fc.tuple(fc.constant(entries), textOf(entries), fc.integer({ min: 0, max: 20 }), fc.array(stray, { maxLength: 3 }))), async ([entries, whole, cut, fillers]) => {
      const [before, written] = [whole.slice(0, cut), whole.slice(cut)];
      const lexicons = [await Lexicon.build(entries, { owner: 'platform', version: '1' })];
      const [alone, after] = [scan(written, lexicons), scan(written, lexicons, [before, ...fillers])];
      const rest = [...after];
      for (const hit of alone) rest.splice(rest.findIndex((each) => each.entry === hit.entry && each.from === hit.from && each.to === hit.to), 1);
      expect(rest.length).toBe(after.length - alone.length);
      expect(rest.every((hit) => hit.from === 0 && hit.to > 0 && hit.to <= written.length)).toBe(true);
      expect([...after].sort(byPlace)).toEqual(after);
      spanning += rest.length;
    }), { numRuns: 1_500 });
    expect(spanning).toBeGreaterThan(20);
  });

  it('takes time in proportion to the text, however many phrases and words meet', async () => {
    const entries: LexiconEntry[] = (['word', 'allow'] as const).flatMap((kind) => ['枪支', '枪支枪', '支枪'].map((text) => ({ kind, text, category: 'test', severity: 'high', action: 'block', pinyin: false })));
    const platform = await Lexicon.build(entries.filter((each) => each.kind === 'word'), { owner: 'platform', version: '1' });
    const tenant = await Lexicon.build(entries.filter((each) => each.kind === 'allow'), { owner: 'tenant', version: '1' });
    expect(scan('枪支'.repeat(40_000), [platform, tenant])).toHaveLength(40_000 + 39_999 * 2);
  });
});
