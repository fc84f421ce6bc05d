import type { Drive } from './drive.js';
import type { Stand } from './stand.js';
import type { TargetName } from './target.js';
import type { Accounts } from './tenant.js';
import { short, spread } from './samples.js';

export type ScenarioName = 'paced' | 'open' | 'fast' | 'short';

export interface Bench {
  readonly stand: Stand;
  readonly accounts: Accounts;
  readonly rounds: number;
  /** Small numbers, for trying the bench itself: not to be quoted. */
  readonly quick: boolean;
}

/** One line of the table: a value a target, in the order of `TARGETS`. */
export interface Line {
  readonly what: string;
  readonly values: Readonly<Partial<Record<TargetName, string>>>;
}

/** What the issue asks for, and whether it was reached. */
export interface Goal {
  readonly what: string;
  readonly target: string;
  readonly measured: string;
  readonly reached: boolean;
}

export interface Outcome {
  readonly name: ScenarioName;
  readonly title: string;
  readonly lines: readonly Line[];
  readonly goals: readonly Goal[];
  /** Everything measured, for the JSON file. */
  readonly drives: readonly object[];
}

/** A line from one number a drive: the median and range of the rounds. */
export function lineOf(what: string, drives: ReadonlyMap<TargetName, readonly Drive[]>, value: (drive: Drive) => number, only?: readonly TargetName[]): Line {
  const values: Partial<Record<TargetName, string>> = {};
  for (const [name, list] of drives) if (only === undefined || only.includes(name)) values[name] = spread(list.map(value));
  return { what, values };
}

/** Failed answers of all rounds with their kinds. */
export function errorLine(drives: ReadonlyMap<TargetName, readonly Drive[]>): Line {
  return { what: 'errors', values: Object.fromEntries([...drives].map(([name, list]) => [name, errorText(list)])) };
}

export function errorCount(drives: readonly Drive[]): number {
  return drives.reduce((sum, drive) => sum + Object.values(drive.errors).reduce((count, each) => count + each, 0), 0);
}

export function errorText(drives: readonly Drive[]): string {
  const kinds: Record<string, number> = {};
  for (const drive of drives) for (const [kind, count] of Object.entries(drive.errors)) kinds[kind] = (kinds[kind] ?? 0) + count;
  const text = Object.entries(kinds).map(([kind, count]) => `${kind} ${count}`).join(', ');
  return text === '' ? '0' : `${errorCount(drives)} (${text})`;
}

/** Ratios of two targets, round by round. */
export function ratios(drives: ReadonlyMap<TargetName, readonly Drive[]>, over: TargetName, under: TargetName, value: (drive: Drive) => number): readonly number[] {
  const below = drives.get(under) ?? [];
  return (drives.get(over) ?? []).map((drive, round) => value(drive) / value(below[round] ?? drive));
}

export function atLeast(what: string, limit: number, measured: readonly number[], middle: number): Goal {
  return { what, target: `≥ ${limit}`, measured: spread(measured), reached: middle >= limit };
}

export function noErrors(what: string, drives: readonly Drive[]): Goal {
  return { what: `${what}: errors`, target: '0', measured: errorText(drives), reached: drives.length > 0 && errorCount(drives) === 0 };
}

/** A drive without its long lists of samples. */
export function summary(drive: Drive): object {
  const { firstMs, wholeMs, ...rest } = drive;
  return { ...rest, samples: firstMs.length, slowestMs: short(wholeMs.reduce((most, each) => Math.max(most, each), 0)) };
}
