import { readFile } from 'node:fs/promises';

/** The resident memory of a process in words, as Linux tells it. */
export async function memoryOf(pid: number | undefined): Promise<string> {
  const status = await readFile(`/proc/${pid ?? 'none'}/status`, 'utf8').catch(() => '');
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kilobytes === undefined ? 'an unknown amount of memory' : `${Math.round(parseInt(kilobytes, 10) / 1024)} MiB`;
}
