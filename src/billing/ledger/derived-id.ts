import { createHash } from 'node:crypto';

/**
 * The id that belongs to a name: the first half of its SHA-256, spelt as a UUID. The same as the SQL function
 * `derived_id`. What has a natural key needs no table to remember its id, and doing it twice finds the same id.
 */
export function derivedId(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
