import { availableParallelism } from 'node:os';
import type { LoadPlan, LoadResult } from './load/plan.js';
import { cpuMicros, familyCpuMicros, machineTicks } from './process-meter.js';
import type { Stand } from './stand.js';
import type { Target, TargetName } from './target.js';

/** CPU of each part while a target was driven, µs. */
export interface CpuUse {
  readonly own: number;
  readonly simulator: number;
  readonly postgres: number;
  readonly redis: number;
  readonly load: number;
  /** Share of all cores that was busy with anything, 0 to 1. */
  readonly machine: number;
  /** The part of it that was none of the above: what else this machine did. */
  readonly others: number;
}

export interface Drive extends LoadResult {
  readonly target: TargetName;
  readonly cpu: CpuUse;
  /** When it began and ended, µs of the monotonic clock that all processes share. */
  readonly span: { readonly from: number; readonly to: number };
}

export type Pace = Pick<LoadPlan, 'tokens' | 'slots' | 'rampMs' | 'turns' | 'seconds' | 'answerTimeoutMs'>;

/** Drives one target once. */
export async function drive(stand: Stand, target: Target, pace: Pace, onAllOpen?: () => void): Promise<Drive> {
  const { host, port, format, requests } = target;
  const before = reading(stand, target);
  const from = monotonicMicros();
  const result = await stand.load.run({ host, port, format, requests, ...pace }, stand.signal, onAllOpen);
  const to = monotonicMicros();
  const after = reading(stand, target);
  const busy = (after.machine.busy - before.machine.busy) / Math.max(1, after.machine.all - before.machine.all);
  const cpu = {
    own: after.own - before.own, simulator: after.simulator - before.simulator, postgres: after.postgres - before.postgres,
    redis: after.redis - before.redis, load: after.load - before.load,
  };
  // At the simulator itself, own and simulator are the same process.
  const known = cpu.own + cpu.postgres + cpu.redis + cpu.load + (target.name === 'simulator' ? 0 : cpu.simulator);
  const others = Math.max(0, busy - known / ((to - from) * availableParallelism()));
  return { ...result, target: target.name, cpu: { ...cpu, machine: busy, others }, span: { from, to } };
}

/** Drives the targets in turn, A B C A B C, so that a change of the machine's mood meets all of them. `targetsOf` is asked anew each round. */
export async function inTurn(stand: Stand, rounds: number, pace: Pace, targetsOf: (round: number) => readonly Target[]): Promise<ReadonlyMap<TargetName, readonly Drive[]>> {
  const drives = new Map<TargetName, Drive[]>();
  for (let round = 0; round < rounds; round += 1) {
    for (const target of targetsOf(round)) {
      const list = drives.get(target.name) ?? [];
      drives.set(target.name, list);
      list.push(await drive(stand, target, pace));
      note(`${target.name} ${round + 1}/${rounds}`);
    }
  }
  return drives;
}

/** Says where the bench is, on a terminal's error output. */
export function note(text: string): void {
  process.stderr.write(`  … ${text}\n`);
}

export function monotonicMicros(): number {
  return Math.round(performance.now() * 1000 + ORIGIN_MICROS);
}

/** `performance.now()` counts from the process's start; profiles count from the machine's. */
const ORIGIN_MICROS = parseInt((process.hrtime.bigint() / 1000n).toString(), 10) - performance.now() * 1000;

function reading(stand: Stand, target: Target) {
  return {
    own: cpuMicros(target.pid), simulator: cpuMicros(stand.simulators.child.pid), postgres: familyCpuMicros(stand.postgresPid),
    redis: cpuMicros(stand.redisPid), load: cpuMicros(stand.load.pid), machine: machineTicks(),
  };
}
