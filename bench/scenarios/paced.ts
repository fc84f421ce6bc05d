import { type Drive, inTurn } from '../drive.js';
import type { ProfiledLoad } from '../profile/take-profile.js';
import { median, percentile, short, spread } from '../samples.js';
import { type Bench, type Outcome, errorLine, lineOf, noErrors, summary } from '../scenario.js';
import { type Behaviour, type TargetName, baselineTarget, platformTarget, simulatorTarget, wxappTarget } from '../target.js';
import { openConversations } from '../tenant.js';

const BEHAVIOUR: Behaviour = { tokens: 100, firstTokenMs: 300, gapMs: 20 };
/** How long such an answer takes at the simulator, milliseconds. */
const ANSWER_MS = BEHAVIOUR.firstTokenMs + (BEHAVIOUR.tokens - 1) * BEHAVIOUR.gapMs;
const LIMIT = 3;

/** The same load for a profile, of the platform's OpenAI-compatible door. */
export function pacedLoad(quick: boolean): ProfiledLoad {
  const pace = { tokens: BEHAVIOUR.tokens, slots: quick ? 60 : 300, rampMs: ANSWER_MS, answerTimeoutMs: 30_000 };
  return { title: `${pace.slots} paced streams`, behaviour: BEHAVIOUR, stream: true, warmUp: { ...pace, turns: 1 }, pace: { ...pace, turns: 2 } };
}

/** 300 streams at a speaking pace: how much later than from the upstream itself do the first words come? */
export async function paced(bench: Bench): Promise<Outcome> {
  const { stand, accounts } = bench;
  const slots = bench.quick ? 60 : 300;
  const turns = 2;
  const baseline = await stand.startBaseline();
  const platform = await stand.startPlatform();
  try {
    const conversations = await openConversations(platform.url, accounts, slots * turns * (bench.rounds + 1), stand.signal);
    const targetsOf = (round: number) => [
      simulatorTarget(stand, BEHAVIOUR, true), baselineTarget(baseline, BEHAVIOUR, true), platformTarget(platform, accounts, BEHAVIOUR, true),
      wxappTarget(platform, conversations.slice(round * slots * turns, (round + 1) * slots * turns), BEHAVIOUR),
    ];
    // The slots begin evenly over one answer's time and go on at once: from then on all streams are open, and arrivals never stop.
    const pace = { tokens: BEHAVIOUR.tokens, slots, turns, rampMs: ANSWER_MS, answerTimeoutMs: 30_000 };
    // Code is compiled as it gets hot, and nobody is measured cold: one round goes before those that count.
    await inTurn(stand, 1, { ...pace, turns: 1 }, () => targetsOf(bench.rounds));
    return report(slots, await inTurn(stand, bench.rounds, pace, targetsOf));
  } finally {
    await stand.end(platform);
    await stand.end(baseline);
  }
}

function report(slots: number, drives: ReadonlyMap<TargetName, readonly Drive[]>): Outcome {
  const direct = drives.get('simulator') ?? [];
  const added = (share: number) => (name: TargetName): readonly number[] =>
    (drives.get(name) ?? []).map((drive, round) => percentile(drive.firstMs, share) - percentile(direct[round]?.firstMs ?? [], share));
  const p50 = added(0.5);
  const p99 = added(0.99);
  const others: readonly TargetName[] = ['baseline', 'platform', 'wxapp'];
  const addedLine = (what: string, of: (name: TargetName) => readonly number[]) => ({ what, values: Object.fromEntries(others.map((name) => [name, spread(of(name))])) });
  const cores = (micros: number, drive: Drive): number => (100 * micros) / (drive.span.to - drive.span.from);
  const limit = LIMIT * median(p99('baseline'));
  return {
    name: 'paced',
    title: `${slots} paced streams: first token after ${BEHAVIOUR.firstTokenMs} ms, ${BEHAVIOUR.tokens} tokens ${BEHAVIOUR.gapMs} ms apart`,
    lines: [
      lineOf('time to first token p50, ms', drives, (drive) => percentile(drive.firstMs, 0.5)),
      lineOf('time to first token p99, ms', drives, (drive) => percentile(drive.firstMs, 0.99)),
      addedLine('added over the simulator p50, ms', p50),
      addedLine('added over the simulator p99, ms', p99),
      lineOf('time to the end p99, ms', drives, (drive) => percentile(drive.wholeMs, 0.99)),
      lineOf('CPU µs a frame', drives, (drive) => drive.cpu.own / drive.frames),
      lineOf('CPU of one core: own process, %', drives, (drive) => cores(drive.cpu.own, drive)),
      lineOf('CPU of one core: Redis, %', drives, (drive) => cores(drive.cpu.redis, drive), ['platform', 'wxapp']),
      lineOf('CPU of one core: load generator, %', drives, (drive) => cores(drive.cpu.load, drive)),
      lineOf('all cores busy, %', drives, (drive) => 100 * drive.cpu.machine),
      lineOf('of it by strangers on this machine, %', drives, (drive) => 100 * drive.cpu.others),
      errorLine(drives),
    ],
    goals: [
      noErrors('paced, platform', drives.get('platform') ?? []),
      noErrors('paced, platform wxapp', drives.get('wxapp') ?? []),
      ...(['platform', 'wxapp'] as const).map((name) => ({
        what: `paced, ${name}: added time to first token p99, ms`, target: `≤ 3 × baseline's = ${short(limit)}`, measured: `${spread(p99(name))} = ${short(median(p99(name)) / median(p99('baseline')))} ×`,
        reached: median(p99(name)) <= limit,
      })),
    ],
    drives: [...drives.values()].flat().map(summary),
  };
}
