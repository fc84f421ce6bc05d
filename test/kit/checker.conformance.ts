import { afterEach, beforeEach, expect, it } from 'vitest';
import { CheckFailed, type Checker, type CheckSubject } from '../../src/moderation/checkers/checker.js';
import type { CheckFailure } from '../../src/moderation/verdict.js';
import { eventually } from './eventually.js';

/** A remote layer with an endpoint that the test can put into a state. */
export interface CheckerBench {
  readonly checker: Checker;
  /** Somebody whom it covers. */
  readonly subject: CheckSubject;
  /** What the endpoint objects to, in few characters. */
  readonly offence: string;
  /** UTF-16 units of which some longer text is cut. */
  readonly longest: number;
  /** The endpoint answers nobody until `heal`. */
  hang(): Promise<void>;
  /** States in which the endpoint fails, each with the failures that say so. */
  readonly faults: readonly { readonly name: string; readonly failures: readonly CheckFailure[]; begin(): Promise<void> }[];
  heal(): Promise<void>;
  close(): Promise<void>;
}

const patience = (): AbortSignal => AbortSignal.timeout(10_000);
/** Innocent, and never asked before. */
let asked = 0;
const fresh = (): string => `今天天气不错，第${(asked += 1)}次。`;

/** Of any length, and never the same twice in a row: a checker may shorten what is only made long. */
const innocent = (length: number): string => Array.from({ length }, (_, at) => String.fromCodePoint(0x4e00 + ((at * 7_919) % 20_000))).join('');

/** What holds for every remote layer; to be called inside of a `describe`. Each test gets a bench of its own. */
export function itIsAChecker(open: () => Promise<CheckerBench>): void {
  let bench: CheckerBench;
  beforeEach(async () => {
    bench = await open();
  });
  afterEach(async () => {
    await bench.heal();
    await bench.close();
  });
  const check = (texts: readonly string[], signal = patience()) => bench.checker.check(bench.subject, texts, signal);

  it('covers whom it says that it covers, and passes what is innocent', async () => {
    expect(await bench.checker.covers(bench.subject.ctx)).toBe(true);
    const finding = await check([fresh()]);
    expect([finding.suggests, finding.label, finding.version.length > 0]).toEqual(['pass', 'normal', true]);
  });

  it('blocks an offence, by its category and a score within bounds', async () => {
    const finding = await check([`${fresh()}${bench.offence}`]);
    expect([finding.suggests, finding.label === 'normal', finding.label.length > 0]).toEqual(['block', false, true]);
    if (finding.score !== undefined) expect([finding.score >= 0, finding.score <= 1]).toEqual([true, true]);
  });

  it('finds the worst of several texts, wherever it stands', async () => {
    for (const at of [0, 1, 2]) expect((await check([0, 1, 2].map((each) => `${fresh()}${each === at ? bench.offence : ''}`))).suggests).toBe('block');
  });

  it('finds nothing in nothing', async () => {
    for (const texts of [[], [''], [' \n', '\t']]) expect((await check(texts)).suggests).toBe('pass');
  });

  it('finds an offence on any cut of a long text', async () => {
    const { longest, offence } = bench;
    for (const at of [0, longest - 1, longest, longest - offence.length, 2 * longest - offence.length - 1, 3 * longest - offence.length]) {
      const text = `${innocent(at)}${offence}${innocent(3 * longest - at - offence.length)}`;
      expect([at, (await check([text])).suggests]).toEqual([at, 'block']);
    }
    expect((await check([innocent(3 * longest)])).suggests).toBe('pass');
  });

  it('gives everybody his own finding when many ask at once', async () => {
    const texts = Array.from({ length: 60 }, (_, n) => `${fresh()}${n % 3 === 0 ? bench.offence : ''}`);
    const findings = await Promise.all(texts.map((text) => check([text])));
    expect(findings.map(({ suggests }) => suggests)).toEqual(texts.map((_, n) => (n % 3 === 0 ? 'block' : 'pass')));
  });

  it('ends with the caller\'s reason, at once', async () => {
    const gone = AbortSignal.abort(new Error('gone before'));
    await expect(check([fresh()], gone)).rejects.toThrow('gone before');
    await bench.hang();
    const leaver = new AbortController();
    const pending = check([fresh()], leaver.signal);
    const left = performance.now();
    leaver.abort(new Error('left'));
    await expect(pending).rejects.toThrow('left');
    expect(performance.now() - left).toBeLessThan(500);
  });

  it('says how it failed, tells nothing of the text, and judges again when the endpoint does', async () => {
    for (const fault of bench.faults) {
      await fault.begin();
      const text = `${fresh()}${bench.offence}`;
      const error: unknown = await check([text], AbortSignal.timeout(2_000)).catch((reason: unknown) => reason);
      expect([fault.name, error instanceof CheckFailed && fault.failures.includes(error.failure) ? 'as told' : error]).toEqual([fault.name, 'as told']);
      expect(`${(error as Error).message} ${JSON.stringify(error)}`).not.toContain(text);
      await bench.heal();
      await eventually(async () => check([text]).then((finding) => finding.suggests, () => 'failed'), (suggests) => suggests === 'block', 5_000);
    }
  });

  it('is left alone for a while by itself when it keeps failing', async () => {
    await bench.faults[0]?.begin();
    const failures: string[] = [];
    for (let n = 0; n < 12; n += 1) failures.push(await check([fresh()], patience()).then(() => 'judged', (error: unknown) => (error instanceof CheckFailed ? error.failure : 'error')));
    expect([failures.includes('judged'), failures.includes('error'), failures.at(-1)]).toEqual([false, false, 'open']);
    await bench.heal();
    await eventually(async () => check([fresh()]).then(() => true, () => false), (judged) => judged, 20_000);
  });
}
