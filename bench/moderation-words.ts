import { LocalGate } from '../src/moderation/gate/local-gate.js';
import { kindOf } from '../src/moderation/text/fold.js';
import type { LexiconEntry } from '../src/moderation/text/lexicon-entry.js';
import { Lexicon } from '../src/moderation/text/lexicon.js';
import { scan } from '../src/moderation/text/scan.js';
import { Turns } from '../src/moderation/text/turns.js';
import { percentile, short } from './samples.js';

const HAN_WORDS = 50_000;
const LATIN_WORDS = 2_000;
const PINYIN_WORDS = 5_000;
const MESSAGES = 2_000;
const LENGTH = 2_000;
const CHUNK = 20;
const WARM_UP = 200;
/** Characters that everyday texts are made of: so many of the list begin a word that no search gets off lightly. */
const COMMON_FROM = 0x4e00;
const COMMON = 3_500;
const GOAL = { buildMs: 2_000, p50: 1.5, p99: 4 };

/** The same numbers in every run. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const random = randomOf(20_260_101);
const han = (): string => String.fromCharCode(COMMON_FROM + random(COMMON));
const latin = (): string => String.fromCharCode(97 + random(26));
const some = (make: () => string, least: number, most: number): string => Array.from({ length: least + random(most - least + 1) }, make).join('');
const entryOf = (text: string, pinyin = false): LexiconEntry => ({ kind: 'word', text, category: 'bench', severity: 'medium', action: 'label', pinyin });

/** A message as people write them: mostly Han, with marks, spaces, Latin words, digits, an emoji now and then. */
function messageOf(): string {
  let text = '';
  while (text.length < LENGTH) {
    const kind = random(20);
    text += kind < 15 ? some(han, 3, 12) : kind < 16 ? some(latin, 2, 8) : kind < 17 ? `${random(10_000)}` : kind < 18 ? '😀' : ' ';
    text += random(3) === 0 ? '，' : random(5) === 0 ? '。' : '';
  }
  return text.slice(0, LENGTH);
}

/** Every window of every length of a word, looked up in a set: what one writes without thinking. No disguise is seen through. */
function windows(words: ReadonlySet<string>): (text: string) => number {
  const lengths = [...new Set([...words].map((word) => word.length))];
  return (text) => {
    const plain = text.normalize('NFKC').toLowerCase();
    let hits = 0;
    for (let at = 0; at < plain.length; at += 1) for (const length of lengths) if (words.has(plain.slice(at, at + length))) hits += 1;
    return hits;
  };
}

interface Figures {
  /** Milliseconds of each message. */
  readonly ms: readonly number[];
  /** CPU of this thread, ms a message: what the work takes, whoever else is busy. The kernel counts it too coarsely for one message. */
  readonly cpu: number;
  readonly found: number;
}

/** CPU that this thread used so far, ms. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

function timed(messages: readonly string[], work: (text: string) => number): Figures {
  for (const message of messages.slice(0, WARM_UP)) work(message);
  let found = 0;
  const cpu = cpuMs();
  const ms = messages.map((message) => {
    const begin = performance.now();
    found += work(message);
    return performance.now() - begin;
  });
  return { ms, cpu: (cpuMs() - cpu) / messages.length, found };
}

function heapMb(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

async function built(entries: readonly LexiconEntry[]): Promise<Lexicon> {
  const before = heapMb();
  const turns = new Turns();
  const [begin, cpu] = [performance.now(), cpuMs()];
  const lexicon = await Lexicon.build(entries, { owner: 'platform', version: 'bench', turns });
  const [wall, ms] = [performance.now() - begin, cpuMs() - cpu];
  const patterns = lexicon.patterns.entryOf.length;
  console.log(`build    ${entries.length.toLocaleString()} lines, ${patterns.toLocaleString()} ways to write them, ${lexicon.automaton.nodes.toLocaleString()} nodes: ${short(wall)} ms (goal ${GOAL.buildMs}: ${wall <= GOAL.buildMs ? 'pass' : 'FAIL'}), CPU ${short(ms)} ms, longest step ${short(turns.longest)} ms, arrays ${short(lexicon.bytes / 2 ** 20)} MB, heap +${short(heapMb() - before)} MB (its lines are counted before)`);
  return lexicon;
}

function print(name: string, { ms, cpu, found }: Figures, judged: boolean): void {
  const [p50, p99] = [percentile(ms, 0.5), percentile(ms, 0.99)];
  const verdict = judged ? ` (goal ${GOAL.p50} / ${GOAL.p99}: ${p50 <= GOAL.p50 && p99 <= GOAL.p99 ? 'pass' : 'FAIL'})` : '';
  console.log(`${name.padEnd(34)} p50 ${p50.toFixed(3)} ms  p99 ${p99.toFixed(3)} ms${verdict}  CPU ${cpu.toFixed(3)} ms  ${found.toLocaleString()} found`);
}

/**
 * `node --expose-gc dist/bench/moderation-words.js`: building a list of 52,000 words, and searching 2,000-character
 * messages for them, whole and through the gate, beside looking up every window in a set.
 */
async function main(): Promise<void> {
  const tableBegin = cpuMs();
  for (let codePoint = 0; codePoint < 0x10000; codePoint += 1) kindOf(codePoint);
  console.log(`tables   all of plane 0 at once: ${short(cpuMs() - tableBegin)} ms of CPU (they fill as characters are met)`);
  const words = [...Array.from({ length: HAN_WORDS }, () => some(han, 2, 6)), ...Array.from({ length: LATIN_WORDS }, () => some(latin, 4, 10))];
  const lexicon = await built(words.map((word) => entryOf(word)));
  await built(words.slice(0, PINYIN_WORDS).map((word) => entryOf(word, true)));

  const messages = Array.from({ length: MESSAGES }, messageOf);
  const dense = messages.map((message) => [...message].map((each) => (random(20) === 0 ? `$${each}\u200b` : each)).join('').slice(0, LENGTH));
  const naive = windows(new Set(words));
  const gated = (text: string): number => {
    const gate = new LocalGate([lexicon]);
    let hits = 0;
    for (let at = 0; at < text.length; at += CHUNK) hits += gate.push(text.slice(at, at + CHUNK)).hits.length;
    return hits + gate.end().hits.length;
  };
  for (let round = 0; round < 2; round += 1) {
    print('windows in a set (NFKC only)', timed(messages, naive), false);
    print('scan', timed(messages, (text) => scan(text, [lexicon]).length), true);
    print('scan, a symbol in 20 characters', timed(dense, (text) => scan(text, [lexicon]).length), true);
    const gate = timed(messages, gated);
    print('gate, 20 characters a chunk', gate, false);
    const seconds = (gate.cpu * MESSAGES) / 1_000;
    console.log(`gate                               ${short((MESSAGES * LENGTH) / seconds / 1e6)} million characters a second of CPU, ${short((seconds * 1e6) / (MESSAGES * (LENGTH / CHUNK)))} µs a chunk`);
  }
}

await main();
