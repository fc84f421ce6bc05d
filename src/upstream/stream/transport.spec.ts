import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Transport } from './transport.js';

let transport: Transport;
let server: Server;

beforeEach(() => {
  transport = new Transport({ connectMs: 1_000 });
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await transport.close();
});

describe('Transport', () => {
  it('refuses an answer that is no event stream, and outlives one that came whole at once', async () => {
    server = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const faults: unknown[] = [];
    const note = (error: unknown): void => void faults.push(error);
    process.prependListener('uncaughtException', note);
    const asked = transport.fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { body: '{}', signal: AbortSignal.timeout(5_000) });
    await expect(asked).rejects.toMatchObject({ kind: 'malformed' });
    // The error would be emitted before this.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    process.removeListener('uncaughtException', note);
    expect(faults).toEqual([]);
  });

  it('takes an error answer that never ends for what its status says', async () => {
    server = createServer((_, response) => void response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' }).write('{"error":'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const signal = AbortSignal.timeout(4_000);
    const asked = transport.fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, { body: '{}', signal });
    await expect(asked).rejects.toMatchObject({ kind: 'rate_limited', retryAfterMs: 7_000 });
    expect(signal.aborted).toBe(false);
  });
});
