import { DomainError } from '../errors/index.js';

/** A page of a list. `nextCursor` is undefined on the last page. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly nextCursor: string | undefined;
}

/** Cursors are opaque to clients: the sort key of the last row, as base64url JSON of texts. */
export function encodeCursor(key: readonly string[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * The sort key of a cursor that a client sent back.
 * @throws DomainError `invalid_request` (param `cursor`) when it is not one of ours.
 */
export function decodeCursor(cursor: string | undefined, patterns: readonly RegExp[]): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  let key: unknown;
  try {
    key = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    key = undefined;
  }
  if (!Array.isArray(key) || key.length !== patterns.length || !key.every((part, at) => typeof part === 'string' && patterns[at]?.test(part))) {
    throw new DomainError('invalid_request', { param: 'cursor', message: 'cursor must be the next_cursor of an earlier page' });
  }
  return key as string[];
}

/** Cuts a list that was read with one row too many into a page. */
export function pageOf<T>(rows: readonly T[], limit: number, keyOf: (row: T) => readonly string[]): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(keyOf(last)) : undefined };
}
