import { describe, expect, it } from 'vitest';
import { LocalGate } from '../gate/local-gate.js';
import { ALLOWED, BEYOND, EVASIONS, LISTED, type Evasion } from './evasions.fixture.js';
import { INNOCENTS, INNOCENT_TALKS } from './innocents.fixture.js';
import { Lexicon } from './lexicon.js';
import { scan } from './scan.js';

const lexicon = Lexicon.build([...LISTED, ...ALLOWED], { owner: 'platform', version: 'corpus' });
const withoutAllowed = Lexicon.build(LISTED, { owner: 'platform', version: 'corpus' });

async function finds({ text, word, before, chunks }: Evasion): Promise<boolean> {
  const lexicons = [await lexicon];
  if (chunks === undefined) return scan(text, lexicons, [before ?? []].flat()).some((hit) => hit.entry.text === word);
  const gate = new LocalGate(lexicons);
  const steps = [...chunks.map((chunk) => gate.push(chunk)), gate.end()];
  return steps.some((step) => step.violation?.entry.text === word);
}

/** Found and missed, by rule; the misses by name. */
async function tally(cases: readonly Evasion[]): Promise<{ readonly lines: readonly string[]; readonly recall: number }> {
  const outcomes = await Promise.all(cases.map(async (each) => ({ ...each, found: await finds(each) })));
  const lines = [...Map.groupBy(outcomes, (each) => each.rule)].map(([rule, all]) => {
    const missed = all.filter((each) => !each.found).map((each) => `${each.word}: ${each.before === undefined ? '' : `${[each.before].flat().join(' | ')} | `}${each.text}`);
    return `${rule.padEnd(22)} ${all.length - missed.length} of ${all.length}${missed.length > 0 ? `   missed ${missed.join(' · ')}` : ''}`;
  });
  return { lines, recall: outcomes.filter((each) => each.found).length / outcomes.length };
}

describe('the corpus', () => {
  it('holds at least 300 texts of each kind', () => {
    expect(EVASIONS.length).toBeGreaterThanOrEqual(300);
    expect(INNOCENTS.length).toBeGreaterThanOrEqual(300);
  });

  it('evasions: at least 98 % are found', async () => {
    const { lines, recall } = await tally(EVASIONS);
    const beyond = await tally(BEYOND);
    process.stdout.write(`evasions: ${(recall * 100).toFixed(1)} % of ${EVASIONS.length}\n  ${lines.join('\n  ')}\nbeyond what is promised: ${(beyond.recall * 100).toFixed(0)} % of ${BEYOND.length}\n  ${beyond.lines.join('\n  ')}\n`);
    expect(recall).toBeGreaterThanOrEqual(0.98);
  });

  it('talks: a brief message between two touches no more of them', async () => {
    const lexicons = [await lexicon];
    const touched = (...between: readonly string[]): readonly string[] => INNOCENT_TALKS.flatMap(([before, after]) => scan(after, lexicons, [before, ...between]).map((hit) => `${hit.entry.text}: ${before} | ${after}`).slice(0, 1));
    const wrong = touched();
    process.stdout.write(`talks: ${((wrong.length / INNOCENT_TALKS.length) * 100).toFixed(1)} % of ${INNOCENT_TALKS.length} touched\n  ${wrong.join('\n  ')}\n`);
    for (const brief of ['嗯', '好的', 'ok', '？']) expect(touched(brief)).toEqual(wrong);
    expect(touched('你说得很好')).toEqual([]);
    expect(wrong.length / INNOCENT_TALKS.length).toBeLessThanOrEqual(0.02);
  });

  it('innocents: at most 1 % are touched', async () => {
    const touched = async (list: Promise<Lexicon>): Promise<readonly string[]> => (await Promise.all(INNOCENTS.map(async (text) => scan(text, [await list]).map((hit) => `${hit.entry.text}: ${text.replaceAll('\n', '⏎')}`).slice(0, 1)))).flat();
    const [wrong, bare] = [await touched(lexicon), await touched(withoutAllowed)];
    const share = (hits: readonly string[]): string => `${((hits.length / INNOCENTS.length) * 100).toFixed(1)} %`;
    process.stdout.write(`innocents: ${share(wrong)} of ${INNOCENTS.length} touched\n  ${wrong.join('\n  ')}\nwithout the ${ALLOWED.length} allowed phrases ${share(bare)}, besides:\n  ${bare.filter((hit) => !wrong.includes(hit)).join('\n  ')}\n`);
    expect(wrong.length / INNOCENTS.length).toBeLessThanOrEqual(0.01);
  });
});
