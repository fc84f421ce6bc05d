import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Drive, type Pace, drive } from '../drive.js';
import type { Bench } from '../scenario.js';
import { type Throughput, paceOf } from '../scenarios/throughput.js';
import { type Behaviour, platformTarget } from '../target.js';
import { type CpuProfile, type ProfileReading, type Ranking, readProfile } from './cpu-profile.js';

const SHOWN = 25;
const SAMPLE_MICROS = 250;

/** A load under which the platform is profiled. */
export interface ProfiledLoad {
  readonly title: string;
  readonly behaviour: Behaviour;
  readonly stream: boolean;
  readonly warmUp: Pace;
  readonly pace: Pace;
}

export interface TakenProfile extends ProfileReading {
  readonly title: string;
  readonly drive: Drive;
}

/** The load of a full-speed scenario. */
export function fullSpeed({ title, behaviour, stream, ...rest }: Throughput, quick: boolean): ProfiledLoad {
  const scenario = { title, behaviour, stream, ...rest };
  return { title, behaviour, stream, warmUp: paceOf(scenario, quick ? 1 : 4), pace: paceOf(scenario, quick ? 2 : 6) };
}

/** Runs the platform under the profiler, warm, and reads where its main thread's time went. The profiler itself costs some speed. */
export async function takeProfile(bench: Bench, load: ProfiledLoad): Promise<TakenProfile> {
  const { stand } = bench;
  const folder = mkdtempSync(join(stand.servers.dataDir, 'profile-'));
  const platform = await stand.startPlatform({ nodeOptions: `--cpu-prof --cpu-prof-dir=${folder} --cpu-prof-interval ${SAMPLE_MICROS}` });
  let driven: Drive;
  try {
    const target = platformTarget(platform, bench.accounts, load.behaviour, load.stream);
    await drive(stand, target, load.warmUp);
    driven = await drive(stand, target, load.pace);
  } finally {
    await stand.end(platform);
  }
  const profiles = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile);
  // One a thread; the main thread's has the most samples.
  const profile = profiles.sort((a, b) => b.nodes.length - a.nodes.length)[0];
  if (profile === undefined) throw new Error('the platform left no profile');
  return { title: load.title, drive: driven, ...readProfile(profile, driven.span, stand.root) };
}

/** The profile as tables: µs a request and share of the busy time. */
export function profileText(taken: TakenProfile): string {
  const { drive: driven, busyMicros } = taken;
  const perRequest = (micros: number): string => (micros / driven.answers).toFixed(1).padStart(9);
  const share = (micros: number): string => `${((100 * micros) / busyMicros).toFixed(1)} %`.padStart(9);
  const rows = (ranking: Ranking, count: number): readonly string[] => ranking.slice(0, count).map(({ name, micros }) => `  ${perRequest(micros)}${share(micros)}  ${name}`);
  const rate = driven.window.answers / driven.window.seconds;
  const busyShare = (100 * busyMicros) / (driven.span.to - driven.span.from);
  return [
    '', `profile of the platform's main thread: ${taken.title}`,
    `  ${rate.toFixed(0)} requests/s under the profiler; busy ${busyShare.toFixed(0)} % of the time; ${(busyMicros / driven.answers).toFixed(0)} µs busy a request; whole process ${(driven.cpu.own / driven.answers).toFixed(0)} µs CPU, PostgreSQL ${(driven.cpu.postgres / driven.answers).toFixed(0)}, Redis ${(driven.cpu.redis / driven.answers).toFixed(0)}`,
    '', '  µs/request   share  where (self time)', ...rows(taken.byGroup, SHOWN),
    '', '  µs/request   share  nearest package or room up the stack', ...rows(taken.byCaller, SHOWN),
    '', '  µs/request   share  function (self time; native ones with their caller)', ...rows(taken.byFunction, SHOWN),
    '', '  µs/request   share  charged to the nearest function of our own, with all that it calls in libraries', ...rows(taken.byOwner, SHOWN),
  ].join('\n');
}
