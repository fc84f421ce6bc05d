import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { until } from './wait.js';

/** A process by id and start time, so that a reused id is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in kernel ticks since boot; empty where /proc is missing. */
  readonly started: string;
}

/** Whether a process with this id runs (a zombie does not). */
export function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  const state = statFields(pid)?.[0];
  if (state !== undefined) return state !== 'Z' && state !== 'X';
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Start time of a process as the kernel keeps it; empty when unknown. */
export function startedAt(pid: number): string {
  return statFields(pid)?.[19] ?? '';
}

/** The identity of a process, for a note that outlives us. */
export function identify(pid: number): ProcessIdentity {
  return { pid, started: startedAt(pid) };
}

/** Whether the very process of the note still runs. */
export function isSame(note: ProcessIdentity): boolean {
  return isRunning(note.pid) && startedAt(note.pid) === note.started;
}

/** Working folder of a process, or undefined when it cannot be read (ended, another user, no /proc). */
export function workingFolder(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Whether a running server works in `folder`: PostgreSQL and Redis both change into their data folder. */
export function worksIn(pid: number, folder: string): boolean {
  const cwd = workingFolder(pid);
  return cwd !== undefined && isRunning(pid) && cwd === realpathSync(folder);
}

/**
 * Ends a process by the given signals, each with its patience in milliseconds.
 * Gives whether it is gone. Never throws for a process that has ended.
 */
export async function endProcess(pid: number, steps: readonly { readonly signal: NodeJS.Signals; readonly patienceMs: number }[]): Promise<boolean> {
  const target = identify(pid);
  for (const step of steps) {
    if (!isSame(target)) return true;
    try {
      process.kill(pid, step.signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
      throw error;
    }
    const gone = await until(() => (isSame(target) ? undefined : true), { timeoutMs: step.patienceMs });
    if (gone) return true;
  }
  return !isSame(target);
}

/** Fields of /proc/<pid>/stat after the command's name, which may itself hold blanks and brackets. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
