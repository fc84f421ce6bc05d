import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, loginCode, makeConversation, makeTenant, type TestTenant } from '../kit/factories.js';
import { Platform, type Node } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { scripted } from '../kit/upstream-script.js';
import { healWechat, scriptWechat, type WechatFault } from '../kit/wechat-script.js';

/** WeChat gets 5 s for all attempts; the rest is ours. */
const BOUND_MS = 6_000;
/** A token of one second, the 5 s by which clocks may differ, and a moment for the request. */
const LONGEST_LIFE_MS = 7_000;

let platform: Platform;
let tenant: TestTenant;

beforeAll(async () => {
  platform = await Platform.start();
  tenant = await makeTenant(platform, await admin(platform));
});
afterEach(async () => healWechat(platform));
afterAll(async () => platform.stop());

const logInBy = (code: string, node: Node = platform.node) => node.api.post('/v1/auth/wechat', { code }, { headers: { 'x-tenant': tenant.slug } });
const rows = () => platform.sql('SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM sessions) AS sessions, (SELECT count(*) FROM refresh_tokens) AS tokens, (SELECT count(*) FROM accounts) AS accounts');

async function refused(node: Node, status: number, code: string): Promise<void> {
  const before = await rows();
  const from = performance.now();
  const answer = await logInBy(await loginCode(platform, tenant, 'patient'), node);
  expect(performance.now() - from).toBeLessThan(BOUND_MS);
  expect(answer).toMatchObject({ status, body: { error: { code } } });
  if (status !== 502) expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(answer.text).not.toMatch(/errcode|jscode2session|127\.0\.0\.1|secret|<html>/);
  expect(await rows()).toEqual(before);
}

describe('a login while WeChat is down', () => {
  it.each<[string, WechatFault, number, string]>([
    ['says nothing', { hang: true }, 503, 'unavailable'],
    ['breaks the connection', { reset: true }, 503, 'unavailable'],
    ['answers 502 with a page', { status: 502 }, 503, 'unavailable'],
    ['answers 200 with a page', { status: 200 }, 503, 'unavailable'],
    ['stays busy (-1)', { errcode: -1 }, 503, 'unavailable'],
    ['limits us (45011)', { errcode: 45011 }, 429, 'rate_limited'],
    ['does not know our secret (40125)', { errcode: 40125 }, 502, 'upstream_error'],
    ['answers a number that nobody knows', { errcode: 89501 }, 502, 'upstream_error'],
  ])('that %s is refused clearly and soon, and nothing is stored', async (_, fault, status, code) => {
    await scriptWechat(platform, { default: fault });
    await refused(platform.node, status, code);
  });

  it('that nobody listens for is refused clearly and soon, and nothing is stored', async () => {
    await refused(await platform.spawn('api', { WECHAT_API_BASE_URL: 'http://127.0.0.1:1' }), 503, 'unavailable');
  });

  it('goes through when WeChat was busy for a moment only, and with the same code once it is back', async () => {
    await scriptWechat(platform, { next: [{ errcode: -1 }, { errcode: -1 }] });
    expect((await logInBy(await loginCode(platform, tenant, 'lucky'))).status).toBe(200);
    const code = await loginCode(platform, tenant, 'later');
    await scriptWechat(platform, { next: [{ status: 502 }] });
    expect((await logInBy(code)).status).toBe(503);
    expect((await logInBy(code)).status).toBe(200);
  });

  it('harms nobody who is logged in: they talk, and renew their login', async () => {
    const user = await logIn(platform, tenant, 'inside');
    await scriptWechat(platform, { default: { reset: true } });
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ text: '照常' }) } });
    expect(wordsOf(await stream.all())).toBe('照常');
    expect((await platform.api.post('/v1/auth/refresh', { refresh_token: user.refreshToken })).status).toBe(200);
  });
});

describe('an access token that expires while an answer is written', () => {
  it('is refused for new requests, the stream goes on to its end, and a refresh gives a good one', async () => {
    const node = await platform.spawn('api', { ACCESS_TOKEN_SECONDS: '1' });
    const user = await logIn(platform, tenant, 'slow reader', node.api);
    const conversation = await makeConversation(node.api, user);
    const stream = await node.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ tokens: 200, gapMs: 50 }) } });
    const shown = [...(await stream.until((event) => event.event === 'delta'))];
    const late = await eventually(() => node.api.get('/v1/me', { token: user.token }), (answer) => answer.status !== 200, LONGEST_LIFE_MS);
    expect(late).toMatchObject({ status: 401, body: { error: { code: 'unauthenticated' } } });
    expect(late.headers.get('www-authenticate')).toBe('Bearer');
    expect((await node.api.get(`/v1/runs/${stream.runId}/stream`, { token: user.token })).status).toBe(401);
    const [run] = await platform.sql<{ state: string }>('SELECT state FROM runs WHERE id = $1', [stream.runId]);
    expect(run?.state).toBe('opened');
    const rest = await stream.all();
    expect(rest.at(-1)?.event).toBe('done');
    const renewed = (await node.api.post('/v1/auth/refresh', { refresh_token: user.refreshToken })).body;
    const { data } = await node.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: renewed.access_token });
    expect(data[0]).toMatchObject({ state: 'complete', content: wordsOf([...shown, ...rest]) });
  });
});
