import { ControlError } from './api-error.js';

/** A moment that a test chose, such as a day whose bill is ready; unset = now. Throws {@link ControlError}. */
export function momentOf(value: unknown, field: string): number | undefined {
  if (value === undefined) return undefined;
  const at = typeof value === 'string' ? Date.parse(value) : NaN;
  if (Number.isNaN(at)) throw new ControlError(400, `"${field}" must be a moment such as 2026-11-20T12:00:00+08:00.`);
  return at;
}
