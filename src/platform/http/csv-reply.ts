import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** Streams lines as a CSV file to keep, by the name `bailiao-<name>.csv`. */
export function sendCsv(reply: FastifyReply, name: string, lines: AsyncIterable<string>): void {
  void reply.header('content-type', 'text/csv; charset=utf-8').header('content-disposition', `attachment; filename="bailiao-${name}.csv"`).send(Readable.from(lines));
}
