import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A reply with content is a few hundred bytes. */
const LONGEST_ANSWER = 65_536;

/** What came back; status 0 = no whole answer in time, or no connection. */
export interface PostAnswer {
  readonly status: number;
  readonly ms: number;
  readonly body: string;
}

/** One request: a GET without a body. */
export interface PostRequest {
  readonly url: string;
  readonly body?: string;
  readonly contentType?: string;
}

/** Sends one request over a connection of its own and waits for its whole answer, `limitMs` at most. Never rejects; redirects are not followed. */
export function post({ url, body, contentType }: PostRequest, limitMs: number, signal: AbortSignal): Promise<PostAnswer> {
  const started = performance.now();
  return new Promise<PostAnswer>((resolve) => {
    const end = (status: number, text = ''): void => resolve({ status, ms: Math.round(performance.now() - started), body: text });
    const headers = body === undefined ? {} : { 'content-type': contentType ?? 'text/plain', 'content-length': Buffer.byteLength(body) };
    const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, { method: body === undefined ? 'GET' : 'POST', agent: false, headers, signal: AbortSignal.any([AbortSignal.timeout(limitMs), signal]) });
    request.on('error', () => end(0));
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      let length = 0;
      response.on('data', (part: Buffer) => {
        length += part.length;
        parts.push(part);
        if (length > LONGEST_ANSWER) request.destroy(new Error('The answer is too long.'));
      });
      response.on('end', () => end(response.statusCode ?? 0, Buffer.concat(parts).toString('utf8')));
      response.on('error', () => end(0));
      response.on('close', () => end(0));
    });
    request.end(body);
  }).catch(() => ({ status: 0, ms: 0, body: '' }));
}
