const OFFSET_MS = 8 * 3_600_000;
const MINUTE_MS = 60_000;

/** yyyy-MM-dd HH:mm, rounded up so that an end that is named is never too early. China has had no summer time since 1991: UTC+8. */
export function chinaTime(at: number): string {
  return new Date(Math.ceil(at / MINUTE_MS) * MINUTE_MS + OFFSET_MS).toISOString().slice(0, 16).replace('T', ' ');
}
