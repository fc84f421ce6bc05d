import { type Drive, type Pace, inTurn } from '../drive.js';
import { median } from '../samples.js';
import { type Bench, type Line, type Outcome, atLeast, errorLine, lineOf, noErrors, ratios, summary } from '../scenario.js';
import { type Behaviour, baselineTarget, platformTarget, simulatorTarget, type TargetName } from '../target.js';

export const CONCURRENT = 32;

/** What the two full-speed scenarios differ in. */
export interface Throughput {
  readonly name: 'fast' | 'short';
  readonly behaviour: Behaviour;
  readonly stream: boolean;
  readonly title: string;
  /** What counts: frames or requests in a second, and the least share of the baseline's. */
  readonly unit: 'frames' | 'answers';
  readonly share: number;
}

export const FAST: Throughput = {
  name: 'fast', behaviour: { tokens: 64, firstTokenMs: 0, gapMs: 0 }, stream: true, unit: 'frames', share: 0.35,
  title: `streaming as fast as it goes: 64 tokens, ${CONCURRENT} at a time`,
};
export const SHORT: Throughput = {
  name: 'short', behaviour: { tokens: 8, firstTokenMs: 0, gapMs: 0 }, stream: false, unit: 'answers', share: 0.15,
  title: `short answers, not streamed: 8 tokens, ${CONCURRENT} at a time`,
};

export function paceOf(scenario: Throughput, seconds: number): Pace {
  return { tokens: scenario.behaviour.tokens, slots: CONCURRENT, rampMs: 0, seconds, answerTimeoutMs: 20_000 };
}

/** As fast as it goes, in turn, after a warm-up. */
export async function throughput(bench: Bench, scenario: Throughput): Promise<Outcome> {
  const { stand, accounts } = bench;
  const seconds = bench.quick ? 2 : 5;
  const baseline = await stand.startBaseline();
  const platform = await stand.startPlatform();
  try {
    const { behaviour, stream } = scenario;
    const targets = [simulatorTarget(stand, behaviour, stream), baselineTarget(baseline, behaviour, stream), platformTarget(platform, accounts, behaviour, stream)];
    await inTurn(stand, 1, paceOf(scenario, bench.quick ? 1 : 3), () => targets);
    return report(scenario, await inTurn(stand, bench.rounds, paceOf(scenario, seconds), () => targets));
  } finally {
    await stand.end(platform);
    await stand.end(baseline);
  }
}

function report(scenario: Throughput, drives: ReadonlyMap<TargetName, readonly Drive[]>): Outcome {
  const rate = (drive: Drive): number => drive.window[scenario.unit] / drive.window.seconds;
  const measured = ratios(drives, 'platform', 'baseline', rate);
  const perAnswer = (what: string, cpu: (drive: Drive) => number, only?: readonly TargetName[]): Line => lineOf(`CPU µs a request: ${what}`, drives, (drive) => cpu(drive) / drive.answers, only);
  const streamed: readonly Line[] = scenario.stream
    ? [lineOf('frames/s', drives, (drive) => drive.window.frames / drive.window.seconds), lineOf('CPU µs a frame: own process', drives, (drive) => drive.cpu.own / drive.frames)]
    : [];
  return {
    name: scenario.name,
    title: scenario.title,
    lines: [
      lineOf('requests/s', drives, (drive) => drive.window.answers / drive.window.seconds),
      ...streamed,
      perAnswer('own process', (drive) => drive.cpu.own),
      perAnswer('PostgreSQL', (drive) => drive.cpu.postgres, ['platform']),
      perAnswer('Redis', (drive) => drive.cpu.redis, ['platform']),
      perAnswer('simulator', (drive) => drive.cpu.simulator, ['baseline', 'platform']),
      perAnswer('load generator', (drive) => drive.cpu.load),
      lineOf('all cores busy, %', drives, (drive) => 100 * drive.cpu.machine),
      lineOf('of it by strangers on this machine, %', drives, (drive) => 100 * drive.cpu.others),
      errorLine(drives),
    ],
    goals: [
      noErrors(`${scenario.name}, platform`, drives.get('platform') ?? []),
      atLeast(`${scenario.name}: ${scenario.unit === 'frames' ? 'frames' : 'requests'}/s, platform : baseline`, scenario.share, measured, median(measured)),
    ],
    drives: [...drives.values()].flat().map(summary),
  };
}
