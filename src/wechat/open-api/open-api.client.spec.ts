import { afterEach, describe, expect, it } from 'vitest';
import { WechatStandIn, type StandInAnswer } from '../../../test/kit/wechat-stand-in.js';
import type { Config } from '../../platform/config/index.js';
import { WechatApi } from './open-api.client.js';
import { WechatError, type WechatErrorKind } from './wechat-error.js';

const exchange = { appId: 'wx1', appSecret: 'the-secret', code: 'the-code' };
const check = { openid: 'the-openid', content: '你好 "世界" 👋', scene: 2 } as const;
const PASS = { errcode: 0, errmsg: 'ok', trace_id: 't1', result: { suggest: 'pass', label: 100 } };
let host: WechatStandIn | undefined;
let api: WechatApi | undefined;

afterEach(async () => {
  await api?.onApplicationShutdown();
  await host?.stop();
});

async function against(answer: StandInAnswer): Promise<WechatApi> {
  host = await WechatStandIn.start(answer);
  api = new WechatApi({ wechat: { apiBaseUrl: host.url } } as Config);
  return api;
}

/** Every call that there is, with secrets that no error may tell. */
const CALLS: readonly [string, (api: WechatApi, signal?: AbortSignal) => Promise<unknown>][] = [
  ['code2session', (wechat, signal) => wechat.code2session(exchange, signal)],
  ['stableToken', (wechat, signal) => wechat.stableToken({ appId: 'wx1', appSecret: 'the-secret', force: false }, signal)],
  ['msgSecCheck', (wechat, signal) => wechat.msgSecCheck('the-token', check, signal)],
  ['mediaCheckAsync', (wechat, signal) => wechat.mediaCheckAsync('the-token', { openid: 'the-openid', mediaUrl: 'https://a.test/1.png', media: 'image', scene: 1 }, signal)],
  ['sendCustomerMessage', (wechat, signal) => wechat.sendCustomerMessage('the-token', { openid: 'the-openid', content: { type: 'text', text: 'the-text' } }, signal)],
  ['customerTyping', (wechat, signal) => wechat.customerTyping('the-token', { openid: 'the-openid', typing: true }, signal)],
];

async function failureOf(call: Promise<unknown>): Promise<WechatError> {
  const error = await call.then(() => undefined, (thrown: unknown) => thrown);
  if (!(error instanceof WechatError)) throw new Error('expected a WechatError', { cause: error });
  expect(`${error.message} ${error.stack} ${String(error.cause)} ${JSON.stringify(error)}`).not.toMatch(/the-secret|the-code|the-token|the-openid|the-text|127\.0\.0\.1/);
  return error;
}

describe.each(CALLS)('WechatApi.%s', (_, call) => {
  it.each<[string, WechatErrorKind, StandInAnswer]>([
    ['a server error', 'unreachable', (_, response) => void response.writeHead(502).end('bad gateway')],
    ['a broken connection', 'unreachable', (_, __, request) => void request.socket.destroy()],
    ['a redirect, which would carry secrets elsewhere', 'unreachable', (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end()],
    ['HTML', 'malformed', (_, response) => void response.end('<html>')],
    ['a list', 'malformed', () => []],
    ['an errcode that is no number', 'malformed', () => ({ errcode: '40001' })],
    ['an answer without end', 'malformed', (_, response) => void response.end('x'.repeat(100_000))],
  ])('answers %s with %s, once, and tells no secret', async (_name, kind, answer) => {
    const wechat = await against(answer);
    expect((await failureOf(call(wechat))).kind).toBe(kind);
    expect(host?.calls).toHaveLength(1);
  });

  it('stops when its caller does, before and during the call', async () => {
    const control = new AbortController();
    const wechat = await against(() => void control.abort(new Error('the caller left')));
    await expect(call(wechat, control.signal)).rejects.toThrow('the caller left');
    await expect(call(wechat, control.signal)).rejects.toThrow('the caller left');
    expect(host?.calls).toHaveLength(1);
  });
});

describe('a host that does not answer', () => {
  it('is left within 5 s', { timeout: 10_000 }, async () => {
    const wechat = await against(() => undefined);
    const failures = await Promise.all(CALLS.map(([, call]) => failureOf(call(wechat))));
    expect(failures.map(({ kind }) => kind)).toEqual(CALLS.map(() => 'timeout'));
  });
});

describe('while WeChat is busy', () => {
  it.each(CALLS.slice(0, 4))('%s asks again, twice', async (_, call) => {
    let calls = 0;
    const wechat = await against(() => (++calls < 3 ? { errcode: -1 } : { ...PASS, openid: 'o1', session_key: 'k', access_token: 'a', expires_in: 7200 }));
    await call(wechat);
    expect(calls).toBe(3);
  });

  it.each(CALLS.slice(0, 4))('%s gives up after the third answer', async (_, call) => {
    const wechat = await against(() => ({ errcode: -1 }));
    expect((await failureOf(call(wechat))).kind).toBe('busy');
    expect(host?.calls).toHaveLength(3);
  });

  it.each(CALLS.slice(4))('%s does not: a user might read it twice', async (_, call) => {
    const wechat = await against(() => ({ errcode: -1 }));
    expect((await failureOf(call(wechat))).kind).toBe('busy');
    expect(host?.calls).toHaveLength(1);
  });

  it('a forced token is not asked for again: each time would kill the one before', async () => {
    const wechat = await against(() => ({ errcode: -1 }));
    await failureOf(wechat.stableToken({ appId: 'wx1', appSecret: 'the-secret', force: true }));
    expect(host?.calls).toHaveLength(1);
    expect(host?.calls[0]?.body).toEqual({ grant_type: 'client_credential', appid: 'wx1', secret: 'the-secret', force_refresh: true });
  });
});

describe('errcodes', () => {
  it.each<[number, WechatErrorKind]>([
    [40001, 'token'], [40014, 'token'], [42001, 'token'], [40003, 'openid'], [43104, 'openid'], [44991, 'quota'], [45009, 'quota'], [45011, 'rate_limited'], [61010, 'not_seen'],
    [45015, 'window'], [45047, 'window'], [45080, 'window'], [40129, 'refused'], [44002, 'refused'], [47001, 'refused'], [48001, 'refused'], [99999, 'refused'],
  ])('%i of a call with a token is %s', async (errcode, kind) => {
    const wechat = await against(() => ({ errcode, errmsg: 'x, rid: 1' }));
    for (const [, call] of CALLS.slice(2)) expect(await failureOf(call(wechat))).toMatchObject({ kind, errcode });
  });

  it.each<[number, WechatErrorKind]>([[40001, 'bad_credentials'], [40013, 'bad_credentials'], [40125, 'bad_credentials'], [40164, 'bad_credentials'], [45009, 'quota'], [45011, 'rate_limited'], [99999, 'refused']])(
    '%i of stable_token is %s',
    async (errcode, kind) => {
      const wechat = await against(() => ({ errcode }));
      expect((await failureOf(wechat.stableToken({ appId: 'wx1', appSecret: 'the-secret', force: false }))).kind).toBe(kind);
    },
  );

  it('of somebody who types already is no failure', async () => {
    const wechat = await against(() => ({ errcode: 45081 }));
    await wechat.customerTyping('the-token', { openid: 'o', typing: true });
  });
});

describe('what goes out', () => {
  it('is the text in UTF-8 as it is, for openid and scene, version 2', async () => {
    const wechat = await against(() => PASS);
    await wechat.msgSecCheck('a token+/=', check);
    const [call] = host?.calls ?? [];
    expect(call).toMatchObject({ path: '/wxa/msg_sec_check', token: 'a token+/=', body: { version: 2, openid: 'the-openid', scene: 2, content: check.content } });
    expect(call?.raw.toString()).toContain('你好');
    expect(call?.raw.toString()).not.toContain('\\u');
  });

  it.each([
    [{ type: 'text', text: '好' }, { msgtype: 'text', text: { content: '好' } }],
    [{ type: 'image', mediaId: 'm' }, { msgtype: 'image', image: { media_id: 'm' } }],
    [{ type: 'link', title: 't', description: 'd', url: 'u', thumbUrl: 'p' }, { msgtype: 'link', link: { title: 't', description: 'd', url: 'u', thumb_url: 'p' } }],
    [{ type: 'page', title: 't', path: 'p', thumbMediaId: 'm' }, { msgtype: 'miniprogrampage', miniprogrampage: { title: 't', pagepath: 'p', thumb_media_id: 'm' } }],
  ] as const)('is a customer message %j', async (content, sent) => {
    const wechat = await against(() => ({ errcode: 0 }));
    await wechat.sendCustomerMessage('t', { openid: 'o', content });
    expect(host?.calls[0]).toMatchObject({ path: '/cgi-bin/message/custom/send', body: { touser: 'o', ...sent } });
  });

  it('is that somebody types, and no more', async () => {
    const wechat = await against(() => ({ errcode: 0 }));
    await wechat.customerTyping('t', { openid: 'o', typing: true });
    await wechat.customerTyping('t', { openid: 'o', typing: false });
    expect(host?.calls.map(({ path, body }) => [path, body.command])).toEqual([['/cgi-bin/message/custom/typing', 'Typing'], ['/cgi-bin/message/custom/typing', 'CancelTyping']]);
  });

  it('is an image, and its trace_id comes back', async () => {
    const wechat = await against(() => ({ errcode: 0, trace_id: 'trace-1' }));
    expect(await wechat.mediaCheckAsync('t', { openid: 'o', mediaUrl: 'https://a.test/1.png', media: 'image', scene: 1 })).toBe('trace-1');
    expect(host?.calls[0]?.body).toEqual({ version: 2, openid: 'o', scene: 1, media_url: 'https://a.test/1.png', media_type: 2 });
  });
});

describe('many calls', () => {
  it('share connections that are kept, and are refused beyond a bound', async () => {
    const ports = new Set<number | undefined>();
    const wechat = await against((_, __, request) => {
      ports.add(request.socket.remotePort);
      return PASS;
    });
    for (let round = 0; round < 20; round += 1) await wechat.msgSecCheck('t', check);
    expect(ports.size).toBeLessThanOrEqual(3);
    const control = new AbortController();
    (host as WechatStandIn).answer = () => undefined;
    const waiting = Array.from({ length: 4_000 }, () => wechat.msgSecCheck('t', check, control.signal).catch(() => 'aborted'));
    expect((await failureOf(wechat.customerTyping('the-token', { openid: 'o', typing: true }))).kind).toBe('busy');
    control.abort();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['aborted']));
  });
});
