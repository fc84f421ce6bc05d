import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OpenAiClient } from './openai.client.js';
import { Transport } from './transport.js';

const CONNECT_MS = 300;
/** undici counts its time limits in half seconds. */
const GENEROUS_MS = 5_000;
const UPSTREAM = 'https://upstream.invalid/v1';

let proxy: Server;
let transport: Transport;
let answer: (socket: Socket) => void;
const open = new Set<Socket>();
let seen = 0;

beforeEach(async () => {
  seen = 0;
  answer = () => undefined;
  proxy = createServer((socket) => {
    seen += 1;
    open.add(socket.on('error', () => undefined).on('close', () => {
      open.delete(socket);
      if (open.size === 0) proxy.emit('idle');
    }));
    socket.once('data', () => answer(socket));
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  transport = new Transport({ connectMs: CONNECT_MS, proxyUrl: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` });
});
afterEach(async () => {
  await transport.close();
  for (const socket of open) socket.destroy();
  proxy.close();
});

function ask(signal: AbortSignal): Promise<Response> {
  return transport.fetch(UPSTREAM, { body: '{}', signal });
}

describe('behind a proxy that takes connections and says nothing', () => {
  it('a stop ends a call at once, and no connection is left behind it', async () => {
    const started = performance.now();
    for (let call = 0; call < 10; call += 1) await expect(ask(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
    expect(performance.now() - started).toBeLessThan(2_000);
    expect(seen).toBe(10);
    if (open.size > 0) await once(proxy, 'idle', { signal: AbortSignal.timeout(GENEROUS_MS) });
    expect(open.size).toBe(0);
  });

  it('the limits of an answer hold', async () => {
    const timeouts = { connectMs: 100, firstTokenMs: 100, betweenTokensMs: 100, thoughtMs: 100 };
    const client = new OpenAiClient({ baseUrl: UPSTREAM, apiKey: 'none' }, transport, timeouts);
    const watch = { headers: () => undefined, usage: () => undefined, whole: () => undefined, broke: () => undefined };
    await expect(client.open({ model: 'm', messages: [], maxTokens: 1, sampling: {} }, AbortSignal.timeout(GENEROUS_MS), watch)).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('the warm-up gives up when it is told to', async () => {
    await transport.warm(`${UPSTREAM}/models`, 'none', AbortSignal.timeout(20));
    expect(open.size).toBe(1);
  });

  it('calls fail by themselves, all at the same time, as never sent', async () => {
    const signal = AbortSignal.timeout(2 * GENEROUS_MS);
    const started = performance.now();
    const calls = await Promise.allSettled(Array.from({ length: 6 }, () => ask(signal)));
    expect(calls.map((call) => call.status === 'rejected' && (call.reason as { kind?: string }).kind)).toEqual(Array.from({ length: 6 }, () => 'connect'));
    expect(performance.now() - started).toBeLessThan(4_000);
    if (open.size > 0) await once(proxy, 'idle', { signal });
    expect(open.size).toBe(0);
  });
});

describe('behind a proxy that gives no way through, a call was never sent', () => {
  it.each<[string, (socket: Socket) => void]>([
    ['it refuses', (socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')],
    ['it hangs up', (socket) => socket.destroy()],
    ['it resets', (socket) => socket.resetAndDestroy()],
    ['it lets through, and there is silence', (socket) => socket.write('HTTP/1.1 200 Connection established\r\n\r\n')],
    ['it lets through, and there is no TLS', (socket) => socket.write('HTTP/1.1 200 Connection established\r\n\r\n', () => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'))],
    ['it lets through, and hangs up', (socket) => socket.write('HTTP/1.1 200 Connection established\r\n\r\n', () => socket.once('data', () => socket.destroy()))],
  ])('%s', async (_, behaviour) => {
    answer = behaviour;
    await expect(ask(AbortSignal.timeout(GENEROUS_MS))).rejects.toMatchObject({ kind: 'connect' });
    if (open.size > 0) await once(proxy, 'idle', { signal: AbortSignal.timeout(GENEROUS_MS) });
    expect(open.size).toBe(0);
  });
});
