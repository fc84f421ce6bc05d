import { parseArgs } from 'node:util';
import type { ScenarioName } from './scenario.js';

export const SCENARIOS: readonly ScenarioName[] = ['paced', 'open', 'fast', 'short'];

export interface Options {
  readonly only: readonly ScenarioName[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly profile: boolean;
  readonly json: string | undefined;
}

/** Reads the command line. Throws an Error with one sentence. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string' }, rounds: { type: 'string' }, quick: { type: 'boolean' }, profile: { type: 'boolean' }, json: { type: 'string' } },
  });
  const names = values.only === undefined ? SCENARIOS : values.only.split(',').map((name) => SCENARIOS.find((each) => each === name.trim()));
  const only = names.filter((name): name is ScenarioName => name !== undefined);
  if (only.length !== names.length) throw new Error(`--only takes ${SCENARIOS.join(', ')}, separated by commas.`);
  const quick = values.quick ?? false;
  const rounds = values.rounds === undefined ? (quick ? 1 : 3) : Number.parseInt(values.rounds, 10);
  if (!(rounds >= 1 && rounds <= 20)) throw new Error('--rounds takes a whole number from 1 to 20.');
  return { only, rounds, quick, profile: values.profile ?? false, json: values.json };
}
