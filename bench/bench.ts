import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Interrupts, Interrupted, listenForInterrupts } from '../launch/interrupts.js';
import { type Options, readOptions } from './options.js';
import { fullSpeed, profileText, takeProfile } from './profile/take-profile.js';
import { goalsText, machine, scenarioText } from './report.js';
import type { Bench, Outcome, ScenarioName } from './scenario.js';
import { open } from './scenarios/open.js';
import { paced, pacedLoad } from './scenarios/paced.js';
import { FAST, SHORT, throughput } from './scenarios/throughput.js';
import { Stand } from './stand.js';
import { makeAccounts } from './tenant.js';

/** No bench takes longer; one that does hangs. */
const LONGEST_MS = 30 * 60_000;

const RUN: Readonly<Record<ScenarioName, (bench: Bench) => Promise<Outcome>>> = {
  paced, open, fast: (bench) => throughput(bench, FAST), short: (bench) => throughput(bench, SHORT),
};

/** `npm run bench`: see the README beside this file. */
async function main(options: Options, interrupts: Interrupts): Promise<void> {
  const begun = performance.now();
  const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
  const signal = AbortSignal.any([interrupts.stop, AbortSignal.timeout(LONGEST_MS)]);
  const { cores, cpu, node } = machine();
  console.log(`${cores} cores (${cpu}), Node ${node}${options.quick ? ', quick: numbers are only for trying the bench' : ''}`);
  const stand = await Stand.open(root, signal, (line) => console.error(`  ${line}`));
  try {
    const first = await stand.startPlatform();
    const accounts = await makeAccounts(first.url, stand.simulators.wechat, signal);
    await stand.end(first);
    const bench: Bench = { stand, accounts, rounds: options.rounds, quick: options.quick };
    const outcomes: Outcome[] = [];
    for (const name of options.only) {
      console.error(`  ${name}`);
      const outcome = await RUN[name](bench);
      outcomes.push(outcome);
      console.log(scenarioText(outcome));
    }
    console.log(goalsText(outcomes));
    if (options.profile) {
      const { quick } = options;
      const loads = { fast: fullSpeed(FAST, quick), short: fullSpeed(SHORT, quick), paced: pacedLoad(quick), open: undefined } as const;
      for (const load of options.only.map((name) => loads[name])) if (load !== undefined) console.log(profileText(await takeProfile(bench, load)));
    }
    const seconds = Math.round((performance.now() - begun) / 1000);
    console.log(`\nvalues are the median (range) of the rounds; ${seconds} s`);
    if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ machine: machine(), options, seconds, outcomes }, undefined, 1)}\n`);
  } finally {
    await stand.close();
  }
}

try {
  const options = readOptions(process.argv.slice(2));
  await main(options, listenForInterrupts(() => undefined));
} catch (error) {
  if (!(error instanceof Interrupted)) console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
}
