import { randomInt } from 'node:crypto';

/** A number of so many digits, as text. */
export function digits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join('');
}
