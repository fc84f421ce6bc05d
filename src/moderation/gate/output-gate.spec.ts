import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Hit } from '../text/lexicon-entry.js';
import type { Verdict } from '../verdict.js';
import { OutputGate, type GateChunk, type GateEvent, type GateParts, type WordGate } from './output-gate.js';

const PASS: Verdict = { action: 'pass', judgements: [] };
const BLOCK: Verdict = { action: 'block', judgements: [] };
const HIT: Hit = { entry: { kind: 'word', text: '禁', category: 'test', severity: 'high', action: 'block', pinyin: false }, from: 0, to: 1, owner: 'platform' };

/** Stops before the first 禁, and holds nothing back. */
function firstWord(): WordGate {
  return {
    push: (chunk) => (chunk.includes('禁') ? { released: chunk.slice(0, chunk.indexOf('禁')), hits: [], violation: HIT } : { released: chunk, hits: [] }),
    end: () => ({ released: '', hits: [] }),
  };
}

/** Holds the newest characters back, as if each began a listed word. */
function holding(count: number): WordGate {
  let held = '';
  return {
    push: (chunk) => {
      const all = held + chunk;
      held = all.slice(-count);
      return { released: all.slice(0, -count), hits: [] };
    },
    end: () => ({ released: held, hits: [] }),
  };
}

function gateOf(parts: Partial<GateParts>): OutputGate {
  return new OutputGate({ mode: 'swift', words: undefined, filter: undefined, judge: undefined, afterWord: () => '【词】', afterWindow: '【撤】', onHits: () => undefined, ...parts });
}

/** @param told whether the last chunk says that it is the last; the source itself ends later. */
async function* source(chunks: readonly string[], failure?: Error, told = false): AsyncGenerator<GateChunk> {
  for (const [at, chunk] of chunks.entries()) yield await Promise.resolve({ contents: [chunk], ...(told && at === chunks.length - 1 ? { last: true } : {}) });
  if (told) await new Promise((resolve) => { setImmediate(resolve); });
  if (failure !== undefined) throw failure;
}

/** What the eye has seen at the end, and everything that it was ever shown. */
async function follow(gate: OutputGate, chunks: readonly string[], told = false): Promise<{ shown: string; everShown: string; stop: Extract<GateEvent, { type: 'stop' }> | undefined }> {
  let everShown = '';
  let stop: Extract<GateEvent, { type: 'stop' }> | undefined;
  for await (const events of gate.through(source(chunks, undefined, told))) {
    for (const event of events) {
      expect(stop).toBeUndefined();
      if (event.type === 'text') everShown += event.text;
      else stop = event;
    }
  }
  return { shown: stop === undefined ? everShown : everShown.slice(0, stop.keep) + stop.replace, everShown, stop };
}

/** Judges windows out of order: each after some turns of the loop. */
function judgeAfter(turns: readonly number[]): NonNullable<GateParts['judge']> {
  let asked = 0;
  return async (text) => {
    const wait = turns[asked++ % turns.length] ?? 0;
    for (let turn = 0; turn < wait; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
    return text.includes('坏') ? BLOCK : PASS;
  };
}

const texts = fc.array(fc.string({ unit: fc.constantFrom('好', '天', '。', 'a', ' '), minLength: 1, maxLength: 120 }), { maxLength: 12 });
const turns = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });
const mode = fc.constantFrom('strict', 'swift');

describe('OutputGate', () => {
  it('shows the whole text where nothing is wrong with it, judged or not', async () => {
    await fc.assert(fc.asyncProperty(texts, mode, fc.option(turns), fc.boolean(), async (chunks, how, wait, told) => {
      const gate = gateOf({ mode: how, ...(wait === null ? {} : { judge: judgeAfter(wait) }) });
      expect(await follow(gate, chunks, told)).toEqual({ shown: chunks.join(''), everShown: chunks.join(''), stop: undefined });
    }), { numRuns: 200 });
  });

  it('leaves nothing of a window that failed on the screen, and in strict mode never shows it', async () => {
    await fc.assert(fc.asyncProperty(texts, texts, mode, turns, fc.boolean(), async (before, after, how, wait, told) => {
      const chunks = [...before, '坏', ...after];
      const { shown, everShown, stop } = await follow(gateOf({ mode: how, judge: judgeAfter(wait) }), chunks, told);
      expect(stop?.replace).toBe('【撤】');
      expect(shown.includes('坏')).toBe(false);
      expect(chunks.join('').startsWith(everShown)).toBe(true);
      if (how === 'strict') expect([everShown.includes('坏'), stop?.takesBack, stop?.keep]).toEqual([false, false, everShown.length]);
    }), { numRuns: 200 });
  });

  it('stops before a listed word, after the windows before it were judged, and reads no further', async () => {
    await fc.assert(fc.asyncProperty(texts, texts, mode, fc.option(turns), fc.boolean(), async (before, after, how, wait, told) => {
      let left = false;
      const chunks = [...before, '好禁好', ...after];
      const read = async function* (): AsyncGenerator<GateChunk> {
        try {
          yield* source(chunks, undefined, told);
        } finally {
          left = true;
        }
      };
      const gate = gateOf({ mode: how, words: firstWord(), ...(wait === null ? {} : { judge: judgeAfter(wait) }) });
      let shown = '';
      for await (const events of gate.through(read())) for (const event of events) shown += event.type === 'text' ? event.text : event.replace;
      expect([shown, left]).toEqual([`${before.join('')}好【词】`, true]);
    }), { numRuns: 200 });
  });

  it('tells what it held back together with the last words, and does not wait for the end of the source', async () => {
    for (const judge of [undefined, judgeAfter([0])]) {
      const steps: string[] = [];
      let ended = false;
      const read = async function* (): AsyncGenerator<GateChunk> {
        yield* source(['天气', '好'], undefined, true);
        ended = true;
      };
      for await (const events of gateOf({ words: holding(3), ...(judge === undefined ? {} : { judge }) }).through(read())) {
        if (events.length > 0) steps.push(`${events.map((event) => (event.type === 'text' ? event.text : '')).join('|')}${ended ? ' after the end' : ''}`);
      }
      expect(steps).toEqual(['天气好']);
    }
  });

  it('shows the words before a failure of the source, and throws it on', async () => {
    for (const judge of [undefined, judgeAfter([1])]) {
      const shown: string[] = [];
      const failing = async (): Promise<void> => {
        for await (const events of gateOf({ ...(judge === undefined ? {} : { judge }) }).through(source(['一', '二'], new Error('cut')))) for (const event of events) shown.push(event.type === 'text' ? event.text : '');
      };
      await expect(failing()).rejects.toThrow('cut');
      expect(shown.join('')).toBe('一二');
    }
  });

  it('reads no further than a few windows ahead of a slow judge', async () => {
    let read = 0;
    let answer: (() => void) | undefined;
    const endless = async function* (): AsyncGenerator<GateChunk> {
      for (; read < 1_000; read += 1) yield await Promise.resolve({ contents: ['今天天气很好所以我们出去走走。'.repeat(10)] });
    };
    const slow = new Promise<Verdict>((resolve) => { answer = () => resolve(PASS); });
    const through = gateOf({ mode: 'swift', judge: () => slow }).through(endless());
    let shown = 0;
    const reading = (async () => { for await (const events of through) shown += events.length; })();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
    expect(read).toBeLessThan(30);
    answer?.();
    await reading;
    expect([read, shown]).toEqual([1_000, 1_000]);
  });

  it('judges what was shown before the source failed, as when somebody stopped it', async () => {
    const seen: GateEvent[] = [];
    for await (const events of gateOf({ judge: judgeAfter([3]) }).through(source(['天气坏'], new Error('stopped')))) seen.push(...events);
    expect(seen).toEqual([{ type: 'text', text: '天气坏' }, { type: 'stop', keep: 0, takesBack: true, replace: '【撤】' }]);
  });

  it('takes back from the first window that has not passed, though a later one fails first', async () => {
    const sentence = (mark: string): string => `${'好'.repeat(60)}${mark}。`;
    const verdicts = [2, 40, 1];
    let asked = 0;
    const judge: NonNullable<GateParts['judge']> = async (text) => {
      const wait = verdicts[asked++] ?? 0;
      for (let turn = 0; turn < wait; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
      return text.includes('坏') ? BLOCK : PASS;
    };
    const { shown } = await follow(gateOf({ judge }), [sentence('天'), sentence('坏'), '好'.repeat(60), sentence('坏'), '好'.repeat(200), '。']);
    expect(shown).not.toContain('坏');
  });

  it('judges what waits after two seconds, though more keeps coming', async () => {
    vi.useFakeTimers();
    try {
      const judged: string[] = [];
      let shown = 0;
      const slow = async function* (): AsyncGenerator<GateChunk> {
        for (let at = 0; at < 20; at += 1) yield await new Promise<GateChunk>((resolve) => { setTimeout(() => resolve({ contents: ['好'] }), 500); });
      };
      const following = (async () => { for await (const events of gateOf({ judge: async (text) => { judged.push(text); return Promise.resolve(PASS); } }).through(slow())) shown += events.length; })();
      await vi.advanceTimersByTimeAsync(3_000);
      expect(judged.length).toBeGreaterThan(0);
      await vi.advanceTimersByTimeAsync(10_000);
      await following;
      expect(shown).toBe(20);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says where nobody could judge', async () => {
    const { stop } = await follow(gateOf({ judge: async () => Promise.resolve({ ...BLOCK, unavailable: true }) }), ['好']);
    expect(stop).toMatchObject({ unavailable: true, keep: 0 });
  });

  it('leaves the judge when it is left', async () => {
    let left = false;
    const judge: NonNullable<GateParts['judge']> = (_, signal) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { left = true; reject(signal.reason as Error); }); });
    for await (const events of gateOf({ judge }).through(source(['好'.repeat(500), '好']))) {
      if (events.length > 0) break;
    }
    expect(left).toBe(false);
    const gate = gateOf({ judge, mode: 'swift' }).through(source(['好'.repeat(500), '好', '好']));
    await gate.next();
    await gate.next();
    await gate.return(undefined);
    expect(left).toBe(true);
  });

  it('passes what is shown through the filter', async () => {
    const filter = { push: (chunk: string) => chunk.replaceAll('a', ''), end: () => '。' };
    expect((await follow(gateOf({ filter }), ['好a', 'aa', '天'])).shown).toBe('好天。');
    expect((await follow(gateOf({ filter, words: firstWord(), mode: 'strict', judge: judgeAfter([0]) }), ['好a', '禁'])).shown).toBe('好。【词】');
  });
});
