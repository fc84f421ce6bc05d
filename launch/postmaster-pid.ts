/** What a running PostgreSQL writes into `postmaster.pid` of its data folder. */
export interface PostmasterPid {
  readonly pid: number;
  readonly folder: string;
  readonly port: number | undefined;
  readonly status: 'starting' | 'ready' | 'stopping' | 'standby' | 'unknown';
}

/**
 * Reads the file's lines (PostgreSQL, src/include/utils/pidfile.h): pid, data
 * folder, start time, port, socket folder, listen address, shared memory,
 * status. The file grows while the server starts, so later lines may be absent.
 */
export function parsePostmasterPid(text: string): PostmasterPid | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const pid = Number.parseInt(lines[0] ?? '', 10);
  if (!Number.isSafeInteger(pid) || pid === 0) return undefined;
  const port = Number.parseInt(lines[3] ?? '', 10);
  const word = lines[7];
  const known = word === 'starting' || word === 'ready' || word === 'stopping' || word === 'standby';
  return { pid: Math.abs(pid), folder: lines[1] ?? '', port: port > 0 ? port : undefined, status: known ? word : 'unknown' };
}
