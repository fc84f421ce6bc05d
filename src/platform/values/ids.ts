import { v7 } from 'uuid';

/** A new identifier: UUID version 7 (RFC 9562), so that keys of new rows are close together and sort by time. */
export function newId(): string {
  return v7();
}

/** An id in the one spelling that we write; for cursors, which PostgreSQL must be able to read. */
export const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether the text is a UUID in the one spelling that we write. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** When an id of `newId` was made: milliseconds since 1970 (RFC 9562, section 5.7). */
export function timeOfId(id: string): number {
  return parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
