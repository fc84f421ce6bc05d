import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { residentKiB } from './processes.js';
import { prepare, type Setting } from './setting.js';
import { drive, type Drive, type Shape, type TargetName } from './targets.js';

/**
 * `npm run bench [-- --only paced,open,fast,short] [--quick] [--json file] [--cpu-prof folder]`
 * Drives the upstream simulator, the baseline and the platform in turn, with one
 * load generator, and prints ratios of one run: machines are shared and noisy.
 */
const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? undefined : process.argv[at + 1];
};
const quick = process.argv.includes('--quick');
const only = option('only')?.split(',') ?? ['short', 'fast', 'paced', 'open'];
const results: Record<string, unknown>[] = [];

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const quantile = (values: readonly number[], share: number): number => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;
const spread = (values: readonly number[], digits = 0): string => `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)})`;

function line(what: string, value: string, target?: string, holds?: boolean): void {
  console.log(`  ${what.padEnd(46)} ${value.padEnd(30)} ${target === undefined ? '' : `${target.padEnd(16)} ${holds ? 'holds' : 'FALLS SHORT'}`}`);
  results.push({ what, value, ...(target === undefined ? {} : { target, holds }) });
}

async function inTurn(setting: Setting, targets: readonly TargetName[], shape: Shape, rounds: number): Promise<Readonly<Record<string, readonly Drive[]>>> {
  const all: Record<string, Drive[]> = Object.fromEntries(targets.map((target) => [target, []]));
  for (let round = 0; round < rounds; round += 1) for (const target of targets) all[target]?.push(await drive(setting, target, shape));
  return all;
}

function throughput(title: string, drives: Readonly<Record<string, readonly Drive[]>>, unit: 'frames' | 'requests', goal: number): void {
  console.log(`\n${title}`);
  const rate = (each: Drive): number => each[unit] / each.seconds;
  for (const [target, runs] of Object.entries(drives)) {
    line(`${target}: requests/s`, spread(runs.map((each) => each.requests / each.seconds)));
    if (unit === 'frames') line(`${target}: frames/s`, spread(runs.map(rate)));
    if (target !== 'upstream') {
      const own = target === 'baseline' ? 'baseline' : 'platform';
      const cpu = spread(runs.map((each) => each.cpu[own] ?? 0));
      line(`${target}: CPU µs a request${unit === 'frames' ? ' / a frame' : ''}`, unit === 'frames' ? `${cpu} / ${median(runs.map((each) => ((each.cpu[own] ?? 0) * each.requests) / each.frames)).toFixed(1)}` : cpu);
      if (own === 'platform') line(`${target}: CPU µs a request in PostgreSQL, Redis`, `${median(runs.map((each) => each.cpu['postgres'] ?? 0))}, ${median(runs.map((each) => each.cpu['redis'] ?? 0))}`);
    }
    line(`${target}: errors`, String(runs.reduce((sum, each) => sum + each.errors, 0)), '0', runs.every((each) => each.errors === 0));
  }
  const ratios = (drives['platform'] ?? []).map((each, at) => rate(each) / rate(drives['baseline']?.[at] ?? each));
  line(`platform : baseline, ${unit}/s`, spread(ratios, 2), `>= ${goal}`, median(ratios) >= goal);
}

async function paced(setting: Setting): Promise<void> {
  const streams = quick ? 100 : 300;
  const shape: Shape = { tokens: 100, gapMs: 20, firstTokenMs: 300, stream: true, concurrency: streams, requests: streams, rampMs: 2_000 };
  const drives = await inTurn(setting, ['upstream', 'baseline', 'platform', 'platform wxapp'], shape, quick ? 1 : 3);
  console.log(`\n${streams} paced streams: first token after 300 ms, 100 tokens 20 ms apart, arriving over 2 s`);
  const direct = (share: number): number => median((drives['upstream'] ?? []).map((each) => quantile(each.firstMs, share)));
  const added = (target: string, share: number): number => median((drives[target] ?? []).map((each) => quantile(each.firstMs, share))) - direct(share);
  line('upstream: first token p50 / p99 ms', `${direct(0.5).toFixed(0)} / ${direct(0.99).toFixed(0)}`);
  line('baseline: added p50 / p99 ms', `${added('baseline', 0.5).toFixed(1)} / ${added('baseline', 0.99).toFixed(1)}`);
  for (const target of ['platform', 'platform wxapp']) {
    const ratio = added(target, 0.99) / Math.max(1, added('baseline', 0.99));
    line(`${target}: added p50 / p99 ms`, `${added(target, 0.5).toFixed(1)} / ${added(target, 0.99).toFixed(1)}`);
    line(`${target}: added p99 : baseline's`, ratio.toFixed(2), '<= 3', ratio <= 3);
    const errors = (drives[target] ?? []).reduce((sum, each) => sum + each.errors, 0);
    line(`${target}: errors`, String(errors), '0', errors === 0);
  }
}

async function open(setting: Setting): Promise<void> {
  const streams = quick ? 300 : 1_000;
  const shape: Shape = { tokens: 100, gapMs: 100, firstTokenMs: 300, stream: true, concurrency: streams, requests: streams, rampMs: 2_000 };
  // Once before: what a process keeps for good, code and pools, is not a stream's.
  await drive(setting, 'platform', { ...shape, tokens: 20, concurrency: 300, requests: 300 });
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const before = residentKiB(setting.platform.pid);
  let most = 0;
  const result = await drive(setting, 'platform', shape, async () => {
    for (let second = 0; second < 10; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      most = Math.max(most, residentKiB(setting.platform.pid));
    }
  });
  console.log(`\n${streams} open streams, 100 ms gaps`);
  line('errors', String(result.errors), '0', result.errors === 0);
  const perStream = (most - before) / streams;
  line('memory a stream, KiB (resident, at its highest)', `${perStream.toFixed(0)} (${(before / 1024).toFixed(0)} → ${(most / 1024).toFixed(0)} MiB)`, '<= 150', perStream <= 150);
  line('CPU µs a frame: platform', ((result.cpu['platform'] ?? 0) / shape.tokens).toFixed(0));
}

async function main(): Promise<void> {
  const profile = option('cpu-prof');
  console.log(`${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), node ${process.version}`);
  const setting = await prepare((text) => console.log(text), profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]);
  try {
    const seconds = quick ? 3 : 6;
    const rounds = quick ? 1 : 4;
    const targets = ['upstream', 'baseline', 'platform'] as const;
    // Code is compiled as it gets hot: nobody is measured cold.
    for (const target of targets) await drive(setting, target, { tokens: 16, gapMs: 0, firstTokenMs: 0, stream: true, concurrency: 16, seconds: 3 });
    if (only.includes('short')) throughput('short answers (8 tokens), not streamed, 32 at a time', await inTurn(setting, targets, { tokens: 8, gapMs: 0, firstTokenMs: 0, stream: false, concurrency: 32, seconds }, rounds), 'requests', 0.15);
    if (only.includes('fast')) throughput('streaming as fast as it goes (64 tokens), 32 at a time', await inTurn(setting, targets, { tokens: 64, gapMs: 0, firstTokenMs: 0, stream: true, concurrency: 32, seconds }, rounds), 'frames', 0.35);
    if (only.includes('paced')) await paced(setting);
    if (only.includes('open')) await open(setting);
    const file = option('json');
    if (file !== undefined) await writeFile(file, JSON.stringify(results, null, 2));
  } finally {
    await setting.stop();
  }
}

await main();
