import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const DIST = resolve(import.meta.dirname, '..');

export interface Process {
  readonly pid: number;
  readonly child: ChildProcess;
  /** What it said first of what was awaited. */
  readonly line: string;
  stop(): Promise<void>;
}

/** Starts one of our programs and waits for a line of its output. */
export async function start(script: string, args: readonly string[], env: NodeJS.ProcessEnv, awaited: RegExp, nodeArgs: readonly string[] = []): Promise<Process> {
  const child = spawn(process.execPath, [...nodeArgs, resolve(DIST, script), ...args], { env: { PATH: process.env['PATH'], ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const line = await new Promise<string>((found, failed) => {
    createInterface({ input: child.stdout }).on('line', (text) => {
      if (awaited.test(text)) found(text);
    });
    child.once('exit', (code) => failed(new Error(`${script} ended with ${code}`)));
  });
  return {
    pid: child.pid ?? 0,
    child,
    line,
    stop: async () => {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** CPU time of processes so far, in µs; by pid, and by name for PostgreSQL's and Redis' processes. */
export function cpuMicros(pids: readonly number[], names: readonly string[]): Readonly<Record<string, number>> {
  const total: Record<string, number> = Object.fromEntries([...pids.map(String), ...names].map((key) => [key, 0]));
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const micros = (parseInt(fields[11] ?? '0', 10) + parseInt(fields[12] ?? '0', 10)) * 10_000;
      const key = entry in total ? entry : name in total ? name : undefined;
      if (key !== undefined) total[key] = (total[key] ?? 0) + micros;
    } catch {
      // The process ended while we looked.
    }
  }
  return total;
}

/** Resident memory of a process in KiB. */
export function residentKiB(pid: number): number {
  return parseInt(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1] ?? '0', 10) * 4;
}
