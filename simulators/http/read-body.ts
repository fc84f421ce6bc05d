import { isObject } from './json-object.js';
import type { IncomingMessage } from 'node:http';

/** Why a request's body could not be used; `status` is the HTTP status that fits. */
export class BadBody extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Reads the whole body, at most `limit` bytes. Throws {@link BadBody} (413) beyond it, or when the client leaves. */
export function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let length = 0;
    request.on('data', (part: Buffer) => {
      length += part.length;
      if (length > limit) {
        request.pause();
        reject(new BadBody(413, `The body is longer than ${limit} bytes.`));
        return;
      }
      parts.push(part);
    });
    request.once('end', () => resolve(parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)));
    request.once('error', reject);
    request.once('close', () => reject(new BadBody(400, 'The client left before its body was complete.')));
  });
}

/** Reads the body as a JSON object. Throws {@link BadBody} for anything else. */
export async function readJsonObject(request: IncomingMessage, limit: number): Promise<Record<string, unknown>> {
  return parseJsonObject(await readBody(request, limit));
}

/** A body as a JSON object. Throws {@link BadBody} for anything else. */
export function parseJsonObject(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    throw new BadBody(400, 'We could not parse the JSON body of your request.');
  }
  if (!isObject(value)) throw new BadBody(400, 'The body must be a JSON object.');
  return value;
}
