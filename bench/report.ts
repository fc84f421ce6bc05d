import { cpus } from 'node:os';
import type { Outcome } from './scenario.js';
import type { TargetName } from './target.js';

const TARGETS: readonly TargetName[] = ['simulator', 'baseline', 'platform', 'wxapp'];
const LABEL = 44;
const CELL = 26;

/** What machine this is. */
export function machine(): { readonly cores: number; readonly cpu: string; readonly node: string } {
  const all = cpus();
  return { cores: all.length, cpu: all[0]?.model.trim() ?? 'unknown', node: process.version };
}

/** One scenario as lines of a table. */
export function scenarioText(outcome: Outcome): string {
  const used = TARGETS.filter((name) => outcome.lines.some((line) => line.values[name] !== undefined));
  const row = (label: string, cells: readonly string[]): string => `  ${label.padEnd(LABEL)}${cells.map((cell) => cell.padStart(CELL)).join('')}`;
  return [
    '', outcome.title,
    row('', used),
    ...outcome.lines.map((line) => row(line.what, used.map((name) => line.values[name] ?? ''))),
  ].join('\n');
}

/** All goals with what was measured. */
export function goalsText(outcomes: readonly Outcome[]): string {
  const goals = outcomes.flatMap((outcome) => outcome.goals);
  return [
    '', 'goals',
    ...goals.map((goal) => `  ${goal.reached ? 'pass' : 'FAIL'}  ${goal.what.padEnd(56)}${goal.target.padEnd(30)}${goal.measured}`),
  ].join('\n');
}
