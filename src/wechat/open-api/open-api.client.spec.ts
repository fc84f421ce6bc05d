import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Config } from '../../platform/config/index.js';
import { WechatApi } from './open-api.client.js';
import { WechatError } from './wechat-error.js';

const exchange = { appId: 'wx1', appSecret: 'the-secret', code: 'the-code' };
let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function apiAgainst(answer: RequestListener): Promise<WechatApi> {
  server = createServer(answer);
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return new WechatApi({ wechat: { apiBaseUrl: `http://127.0.0.1:${port}` } } as Config);
}

async function failureOf(call: Promise<unknown>): Promise<WechatError> {
  const error = await call.then(() => undefined, (thrown: unknown) => thrown);
  if (!(error instanceof WechatError)) throw new Error('expected a WechatError', { cause: error });
  return error;
}

describe('WechatApi.code2session', () => {
  it('asks again while WeChat is busy, twice', async () => {
    let calls = 0;
    const api = await apiAgainst((_, response) => response.end(JSON.stringify(++calls < 3 ? { errcode: -1 } : { openid: 'o1', session_key: 'k' })));
    expect((await api.code2session(exchange)).openid).toBe('o1');
    expect(calls).toBe(3);
  });

  it('gives up after the third busy answer', async () => {
    let calls = 0;
    const api = await apiAgainst((_, response) => response.end(JSON.stringify({ errcode: -1, n: ++calls })));
    expect((await failureOf(api.code2session(exchange))).kind).toBe('busy');
    expect(calls).toBe(3);
  });

  it.each<[string, RequestListener]>([
    ['a server error', (_, response) => response.writeHead(502).end('bad gateway')],
    ['HTML', (_, response) => response.end('<html>')],
    ['an answer without end', (_, response) => response.end('x'.repeat(100_000))],
    ['a broken connection', (request) => request.socket.destroy()],
    ['a redirect, which would carry the secret elsewhere', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()],
  ])('calls %s unreachable, once, and tells neither code nor secret', async (_, answer) => {
    let calls = 0;
    const api = await apiAgainst((request, response) => {
      calls += 1;
      answer(request, response);
    });
    const failure = await failureOf(api.code2session(exchange));
    expect(failure.kind).toBe('unreachable');
    expect(calls).toBe(1);
    expect(`${failure.message} ${failure.stack} ${String(failure.cause)}`).not.toMatch(/the-secret|the-code/);
  });

  it('stops when its caller does', async () => {
    const control = new AbortController();
    const api = await apiAgainst(() => control.abort(new Error('the caller left')));
    await expect(api.code2session(exchange, control.signal)).rejects.toThrow('the caller left');
  });
});
