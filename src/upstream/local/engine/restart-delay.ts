const FIRST_MS = 500;
const LONGEST_MS = 60_000;

/** How long a process that ended `failures` times in a row is left alone, in milliseconds: half a second, doubled up to a minute. */
export function restartDelay(failures: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1));
}
