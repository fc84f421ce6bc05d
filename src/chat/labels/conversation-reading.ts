import type { MessageKey, MessagePlace } from '../messages/message.repository.js';

/**
 * What of a conversation goes into an export: everything before a position, which nothing can be added to or replaced
 * in any more, and the newest messages one by one.
 */
export interface ExportSpan {
  readonly before: number;
  readonly newest: readonly MessageKey[];
}

export function spanOf(newest: readonly MessageKey[]): ExportSpan {
  return { before: newest[0]?.position ?? 0, newest };
}

/** Everything that comes in pages, a page at a time, each asked for when the one before is used up. @param read the rows after one, at most `count` */
export async function* inPages<Row extends MessagePlace>(begin: MessagePlace, count: number, read: (after: MessagePlace, count: number) => Promise<readonly Row[]>): AsyncGenerator<Row> {
  for (let after = begin; ; ) {
    const page = await read(after, count);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < count) return;
    after = last;
  }
}
