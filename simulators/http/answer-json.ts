import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Answers `value` as JSON with its length, unless the response is already under way. */
export function answerJson(response: ServerResponse, status: number, value: unknown, headers: OutgoingHttpHeaders = {}): void {
  answerText(response, status, 'application/json; charset=utf-8', JSON.stringify(value), headers);
}

/** Answers a text of the given content type with its length, unless the response is already under way. */
export function answerText(response: ServerResponse, status: number, contentType: string, text: string, headers: OutgoingHttpHeaders = {}): void {
  if (response.headersSent || response.destroyed) return;
  const body = Buffer.from(text, 'utf8');
  response.writeHead(status, { 'content-type': contentType, 'content-length': body.length, ...headers });
  response.end(body);
}
