import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../launch/wait.js';
import { type Drive, drive, note } from '../drive.js';
import { residentBytes } from '../process-meter.js';
import { median, short, spread } from '../samples.js';
import { type Bench, type Outcome, errorLine, lineOf, noErrors, summary } from '../scenario.js';
import { type Behaviour, type Target, type TargetName, baselineTarget, platformTarget } from '../target.js';

const GAP_MS = 100;
const RAMP_MS = 4_000;
const SETTLE_MS = 3_000;
const SAMPLES = 8;
const SAMPLE_MS = 500;
const LIMIT_KIB = 150;
/** Long enough that the first stream is still open when the last sample of all was taken. */
const BEHAVIOUR: Behaviour = { tokens: (RAMP_MS + SETTLE_MS + SAMPLES * SAMPLE_MS + 3_000) / GAP_MS, firstTokenMs: 300, gapMs: GAP_MS };

interface OpenDrive extends Drive {
  /** Resident memory before and with the streams open (median, highest of the samples), bytes. */
  readonly before: number;
  readonly during: number;
  readonly highest: number;
  /** Heap in use after a collection, with the streams open minus before, bytes; undefined where there is no probe. */
  readonly heap: number | undefined;
}

/** 1,000 streams open at once: what does one cost in memory? Each round gets a fresh process, since memory once taken is rarely given back. */
export async function open(bench: Bench): Promise<Outcome> {
  const slots = bench.quick ? 200 : 1_000;
  const rounds = Math.min(2, bench.rounds);
  const drives = new Map<TargetName, OpenDrive[]>([['baseline', []], ['platform', []]]);
  for (let round = 0; round < rounds; round += 1) {
    const baseline = await bench.stand.startBaseline();
    try {
      drives.get('baseline')?.push(await hold(bench, baselineTarget(baseline, BEHAVIOUR, true), baselineTarget(baseline, WARM, true), slots, undefined));
    } finally {
      await bench.stand.end(baseline);
    }
    note(`baseline ${round + 1}/${rounds}`);
    const probe = bench.stand.heapProbe();
    const platform = await bench.stand.startPlatform(probe);
    try {
      drives.get('platform')?.push(await hold(bench, platformTarget(platform, bench.accounts, BEHAVIOUR, true), platformTarget(platform, bench.accounts, WARM, true), slots, probe.file));
    } finally {
      await bench.stand.end(platform);
    }
    note(`platform ${round + 1}/${rounds}`);
  }
  return report(slots, drives);
}

const WARM: Behaviour = { tokens: 20, firstTokenMs: 0, gapMs: 10 };

async function hold(bench: Bench, target: Target, warm: Target, slots: number, heapFile: string | undefined): Promise<OpenDrive> {
  const { stand } = bench;
  // A few streams before: code, pools and caches of a process that is in use are not a stream's.
  await drive(stand, warm, { tokens: WARM.tokens, slots: 20, turns: 15, rampMs: 200, answerTimeoutMs: 30_000 });
  await sleep(1_000, undefined, { signal: stand.signal });
  const heapBefore = await heapOf(target.pid, heapFile);
  const before = residentBytes(target.pid);
  let measured: Promise<{ samples: readonly number[]; heap: number | undefined }> | undefined;
  const result = await drive(stand, target, { tokens: BEHAVIOUR.tokens, slots, turns: 1, rampMs: RAMP_MS, answerTimeoutMs: 60_000 }, () => {
    measured = measure(bench, target.pid, heapFile);
  });
  const { samples, heap } = (await measured) ?? { samples: [], heap: undefined };
  return { ...result, before, during: median(samples), highest: Math.max(...samples), heap: heap === undefined || heapBefore === undefined ? undefined : heap - heapBefore };
}

async function measure(bench: Bench, pid: number, heapFile: string | undefined) {
  const samples: number[] = [];
  await sleep(SETTLE_MS, undefined, { signal: bench.stand.signal });
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    samples.push(residentBytes(pid));
    await sleep(SAMPLE_MS, undefined, { signal: bench.stand.signal });
  }
  // Last, since a collection changes what is resident.
  return { samples, heap: await heapOf(pid, heapFile) };
}

async function heapOf(pid: number, file: string | undefined): Promise<number | undefined> {
  if (file === undefined) return undefined;
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  return until(() => {
    try {
      const { heapUsed, external } = JSON.parse(readFileSync(file, 'utf8')) as { heapUsed: number; external: number };
      return heapUsed + external;
    } catch {
      return undefined;
    }
  }, { timeoutMs: 3_000 });
}

function report(slots: number, drives: ReadonlyMap<TargetName, readonly OpenDrive[]>): Outcome {
  const kib = (bytes: number): number => bytes / 1024 / slots;
  const of = (value: (drive: OpenDrive) => number) => (drive: Drive): number => value(drive as OpenDrive);
  const perStream = (drives.get('platform') ?? []).map((each) => kib(each.during - each.before));
  return {
    name: 'open',
    title: `${slots.toLocaleString('en-US')} open streams, ${GAP_MS} ms between tokens`,
    lines: [
      lineOf('memory a stream (resident), KiB', drives, of((each) => kib(each.during - each.before))),
      lineOf('the same at its highest, KiB', drives, of((each) => kib(each.highest - each.before))),
      lineOf('resident before, MiB', drives, of((each) => each.before / 1024 / 1024)),
      lineOf('resident with the streams, MiB', drives, of((each) => each.during / 1024 / 1024)),
      lineOf('heap and buffers a stream after gc, KiB', drives, of((each) => kib(each.heap ?? Number.NaN)), ['platform']),
      lineOf('CPU µs a frame', drives, (each) => each.cpu.own / each.frames),
      lineOf('CPU of one core: own process, %', drives, (each) => (100 * each.cpu.own) / (each.span.to - each.span.from)),
      errorLine(drives),
    ],
    goals: [
      noErrors('open, platform', drives.get('platform') ?? []),
      { what: 'open, platform: memory a stream, KiB', target: `≤ ${LIMIT_KIB}`, measured: spread(perStream), reached: median(perStream) <= LIMIT_KIB },
    ],
    drives: [...drives.values()].flat().map((each) => ({ ...summary(each), perStreamKiB: short(kib(each.during - each.before)) })),
  };
}
