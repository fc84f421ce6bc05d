import { readFileSync, readdirSync } from 'node:fs';

/** The kernel's unit of CPU time in /proc, in µs (USER_HZ is 100 on every Linux that Node runs on). */
const TICK_MICROS = 10_000;
const PAGE_BYTES = 4_096;

/** CPU time of a process so far, in µs, user and system. 0 when it is gone or there is no /proc. */
export function cpuMicros(pid: number): number {
  const fields = statFields(pid);
  return (field(fields, 11) + field(fields, 12)) * TICK_MICROS;
}

/** The same of a process and its children, ended ones included: PostgreSQL has one a connection. */
export function familyCpuMicros(pid: number): number {
  const fields = statFields(pid);
  const own = field(fields, 11) + field(fields, 12) + field(fields, 13) + field(fields, 14);
  let micros = own * TICK_MICROS;
  for (const entry of readdirSync('/proc')) {
    const child = Number.parseInt(entry, 10);
    if (child > 0 && field(statFields(child), 1) === pid) micros += cpuMicros(child);
  }
  return micros;
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  try {
    return Number.parseInt(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1] ?? '0', 10) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** Share of all cores' time since boot that something used, as two counters: take the difference of two readings. */
export function machineTicks(): { readonly busy: number; readonly all: number } {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0] ?? '';
  const ticks = line.split(/ +/).slice(1, 9).map((text) => Number.parseInt(text, 10));
  const all = ticks.reduce((sum, each) => sum + each, 0);
  return { busy: all - (ticks[3] ?? 0) - (ticks[4] ?? 0), all };
}

/** Fields of /proc/<pid>/stat after the command's name, from the state on. */
function statFields(pid: number): readonly string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}

function field(fields: readonly string[], at: number): number {
  return Number.parseInt(fields[at] ?? '0', 10);
}
