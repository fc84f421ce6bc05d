import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
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

  it.each(['nobody listens', 'no TLS'] as const)('takes a call for never sent when there was no connection to send it by (%s)', async (why) => {
    const url = why === 'no TLS' ? `https://${await listening(() => undefined)}/` : `http://${await unused()}/`;
    await expect(transport.fetch(url, { body: '{}', signal: AbortSignal.timeout(4_000) })).rejects.toMatchObject({ kind: 'connect' });
  });

  it('takes a call for sent when the server read it and hung up before its headers', async () => {
    let read = 0;
    const address = await listening((request) => void request.resume().once('end', () => { read += 1; request.socket.resetAndDestroy(); }));
    await expect(transport.fetch(`http://${address}/`, { body: '{}', signal: AbortSignal.timeout(4_000) })).rejects.toMatchObject({ kind: 'cut' });
    expect(read).toBe(1);
  });

  it('takes a call for sent when it was written to a connection that was at its end', async () => {
    const address = await listening((request, response) => {
      const { socket } = request;
      if (request.url === '/first') request.resume().once('end', () => response.writeHead(200, { 'content-type': 'text/event-stream' }).end());
      else socket.destroy();
    });
    const first = await transport.fetch(`http://${address}/first`, { body: '{}', signal: AbortSignal.timeout(4_000) });
    await buffer(first.body as unknown as AsyncIterable<Uint8Array>);
    await expect(transport.fetch(`http://${address}/again`, { body: '{}', signal: AbortSignal.timeout(4_000) })).rejects.toMatchObject({ kind: 'cut' });
  });
});

async function listening(answer: RequestListener): Promise<string> {
  server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An address at which nobody listens. */
async function unused(): Promise<string> {
  const address = await listening(() => undefined);
  server.close();
  await once(server, 'close');
  return address;
}
