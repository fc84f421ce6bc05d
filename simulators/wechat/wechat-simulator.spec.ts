import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startWechatSimulator } from './wechat-simulator.js';
import type { WechatSimulator } from './wechat-simulator.js';

const APP = { appid: 'wx1', secret: 's1' };
const BOUND = { appid: 'wx2', secret: 's2', unionBound: true };
const RID = /, rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/u;
const MINUTE = 60_000;

interface Login {
  openid: string;
  session_key: string;
  unionid?: string;
  errcode?: number;
  errmsg: string;
}

let simulator: WechatSimulator;

beforeAll(async () => {
  simulator = await startWechatSimulator();
});
afterAll(() => simulator.close());
beforeEach(async () => {
  await control('DELETE', 'script');
  await control('DELETE', 'counters');
  await control('POST', 'apps', APP);
  await control('POST', 'apps', BOUND);
});

async function control<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(`${simulator.url}/control/${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return (await response.json()) as T;
}

async function codeFor(appid: string, user?: string): Promise<string> {
  return (await control<{ code: string }>('POST', 'codes', { appid, ...(user === undefined ? {} : { user }) })).code;
}

async function login(query: Record<string, string>): Promise<Login> {
  const response = await fetch(`${simulator.url}/sns/jscode2session?${new URLSearchParams({ grant_type: 'authorization_code', ...query }).toString()}`);
  expect(response.status).toBe(200);
  expect(response.headers.get('x-simulator')).toBe('bailiao-wechat-simulator');
  return JSON.parse(await response.text()) as Login;
}

async function token(body: Record<string, unknown>): Promise<{ access_token: string; expires_in: number; errcode?: number }> {
  const response = await fetch(`${simulator.url}/cgi-bin/stable_token`, { method: 'POST', body: JSON.stringify({ grant_type: 'client_credential', ...body }) });
  expect(response.status).toBe(200);
  return (await response.json()) as { access_token: string; expires_in: number; errcode?: number };
}

describe('jscode2session', () => {
  it('gives a user the same openid in one app, another in the next, and a fresh session key each time', async () => {
    const first = await login({ ...APP, js_code: await codeFor('wx1', 'lan') });
    const again = await login({ ...APP, js_code: await codeFor('wx1', 'lan') });
    const elsewhere = await login({ appid: 'wx2', secret: 's2', js_code: await codeFor('wx2', 'lan') });
    expect(first.openid).toMatch(/^o[\w-]{27}$/u);
    expect(first.session_key).toMatch(/^[A-Za-z0-9+/]{22}==$/u);
    expect(again.openid).toBe(first.openid);
    expect(again.session_key).not.toBe(first.session_key);
    expect(elsewhere.openid).not.toBe(first.openid);
    expect(first.unionid).toBeUndefined();
    expect(elsewhere.unionid).toMatch(/^o[\w-]{27}$/u);
  });

  it('takes an openid for granted that a test names', async () => {
    const { code } = await control<{ code: string }>('POST', 'codes', { appid: 'wx1', openid: 'o-known' });
    expect((await login({ ...APP, js_code: code })).openid).toBe('o-known');
  });

  it('accepts a code once, in its own app, for five minutes', async () => {
    const used = await codeFor('wx1');
    await login({ ...APP, js_code: used });
    expect(await login({ ...APP, js_code: used })).toMatchObject({ errcode: 40163, errmsg: expect.stringMatching(RID) });
    expect(await login({ appid: 'wx2', secret: 's2', js_code: await codeFor('wx1') })).toMatchObject({ errcode: 40029 });
    const late = await codeFor('wx1');
    await control('PUT', 'clock', { advanceMs: 5 * MINUTE + 1 });
    expect(await login({ ...APP, js_code: late })).toMatchObject({ errcode: 40029, errmsg: expect.stringMatching(/^invalid code, rid: /u) });
  });

  it.each([
    [{ secret: 's1', js_code: 'c' }, 41002],
    [{ appid: 'wx1', js_code: 'c' }, 41004],
    [APP, 41008],
    [{ ...APP, js_code: 'c', grant_type: 'x' }, 40002],
    [{ appid: 'nobody', secret: 's1', js_code: 'c' }, 40013],
    [{ appid: 'wx1', secret: 'wrong', js_code: 'c' }, 40125],
    [{ ...APP, js_code: 'c' }, 40029],
  ])('refuses %o with %i', async (query, errcode) => {
    expect(await login(query as Record<string, string>)).toMatchObject({ errcode, errmsg: expect.stringMatching(RID) });
  });
});

describe('stable_token', () => {
  it('repeats the token until its last five minutes, then gives a new one while the old one lives on', async () => {
    const first = await token({ ...APP });
    expect(first.expires_in).toBe(7200);
    await control('PUT', 'clock', { advanceMs: 60 * MINUTE });
    const same = await token({ ...APP });
    expect(same.access_token).toBe(first.access_token);
    expect(same.expires_in).toBeLessThanOrEqual(3600);
    await control('PUT', 'clock', { advanceMs: 56 * MINUTE });
    const next = await token({ ...APP });
    expect(next.access_token).not.toBe(first.access_token);
    expect(await control('GET', 'tokens?appid=wx1')).toMatchObject({ valid: [next.access_token, first.access_token] });
    await control('PUT', 'clock', { advanceMs: 5 * MINUTE });
    expect(await control('GET', 'tokens?appid=wx1')).toMatchObject({ valid: [next.access_token] });
  });

  it('kills the old token on a forced refresh, 30 seconds apart and 20 times a day', async () => {
    const first = await token({ appid: 'wx2', secret: 's2' });
    const forced = await token({ appid: 'wx2', secret: 's2', force_refresh: true });
    expect(await control('GET', 'tokens?appid=wx2')).toMatchObject({ valid: [forced.access_token] });
    expect(forced.access_token).not.toBe(first.access_token);
    expect((await token({ appid: 'wx2', secret: 's2', force_refresh: true })).errcode).toBe(45011);
    for (let more = 0; more < 19; more += 1) {
      await control('PUT', 'clock', { advanceMs: 31_000 });
      expect((await token({ appid: 'wx2', secret: 's2', force_refresh: true })).errcode).toBeUndefined();
    }
    await control('PUT', 'clock', { advanceMs: 31_000 });
    expect((await token({ appid: 'wx2', secret: 's2', force_refresh: true })).errcode).toBe(45009);
  });

  it.each([
    [{}, 41002],
    [{ appid: 'wx1' }, 41004],
    [{ ...APP, grant_type: 'x' }, 40002],
    [{ ...APP, appid: 'nobody' }, 40013],
    [{ ...APP, secret: 'wrong' }, 40125],
  ])('refuses %o with %i', async (body, errcode) => {
    expect(await token(body)).toMatchObject({ errcode, errmsg: expect.stringMatching(RID) });
  });

  it('refuses GET and bodies that are no JSON', async () => {
    const get = await fetch(`${simulator.url}/cgi-bin/stable_token`);
    const text = await fetch(`${simulator.url}/cgi-bin/stable_token`, { method: 'POST', body: 'x' });
    expect(await get.json()).toMatchObject({ errcode: 43002 });
    expect(await text.json()).toMatchObject({ errcode: 47001 });
  });
});

describe('control', () => {
  it('lets the next calls fail as scripted, by path, and counts them', async () => {
    await control('PUT', 'script', { next: [{ path: '/cgi-bin', errcode: -1 }, { errcode: 45011 }, { status: 502 }, { delayMs: 1 }] });
    expect(await login({ ...APP, js_code: 'c' })).toMatchObject({ errcode: 45011 });
    expect((await token({ ...APP })).errcode).toBe(-1);
    expect((await fetch(`${simulator.url}/sns/jscode2session`)).status).toBe(502);
    expect(await login({ ...APP, js_code: await codeFor('wx1') })).toHaveProperty('openid');
    const counters = await control<{ calls: unknown; errors: unknown }>('GET', 'counters');
    expect(counters.calls).toEqual({ '/sns/jscode2session': 3, '/cgi-bin/stable_token': 1 });
    expect(counters.errors).toEqual({ '45011': 1, '-1': 1 });
    expect(JSON.stringify(counters)).not.toContain('s1');
  });

  it('hangs until the client gives up, and resets connections', async () => {
    await control('PUT', 'script', { next: [{ hang: true }, { reset: true }] });
    await expect(fetch(`${simulator.url}/sns/jscode2session`, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
    await expect(fetch(`${simulator.url}/sns/jscode2session`)).rejects.toThrow('fetch failed');
  });

  it('refuses scripts and codes that cannot be meant', async () => {
    expect(await control('PUT', 'script', { default: { errorcode: 1 } })).toEqual({ error: { message: 'Unknown fault field "errorcode".' } });
    expect(await control('PUT', 'script', { default: { delayMs: '1' } })).toEqual({ error: { message: 'Fault field "delayMs" must be a number.' } });
    expect(await control('POST', 'codes', { appid: 'nobody' })).toEqual({ error: { message: 'This appid is not registered.' } });
    expect(await control('POST', 'apps', { appid: 'x' })).toHaveProperty('error');
  });

  it('may be called by a page of another origin and never shows a secret', async () => {
    const preflight = await fetch(`${simulator.url}/control/codes`, { method: 'OPTIONS' });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
    expect(await control('GET', 'apps')).toEqual({ apps: [{ appid: 'wx1', unionBound: false }, { appid: 'wx2', unionBound: true }] });
  });
});
