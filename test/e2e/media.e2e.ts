import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { pathOf, wechatControl } from '../kit/wechat-control.js';
import { judgeMediaBy, pushMediaVerdict, setWechatPush } from '../kit/wechat-push.js';

/** Public addresses as they are, so that no name has to be looked up. */
const HOST = 'https://93.184.215.14';
const PATH = '/wxa/media_check_async';

let platform: Platform;
let staff: string;
let tenant: TestTenant;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
  tenant = await makeTenant(platform, staff, { settings: { media_checks: true } });
});
afterAll(async () => platform.stop());

const put = (user: TestUser, url: unknown) => platform.api.call('PUT', '/v1/me/avatar', { token: user.token, body: { url } });
const me = (user: TestUser) => platform.api.ok('GET', '/v1/me', { token: user.token });
const calls = (of: TestTenant, atLeast?: number) => wechatControl(platform, 'GET', pathOf('/control/calls', { appid: of.appId, path: PATH, atLeast }));
const rowOf = async (user: TestUser): Promise<Record<string, unknown> | undefined> => (await platform.sql('SELECT * FROM media_checks WHERE user_id = $1 ORDER BY id DESC LIMIT 1', [user.id]))[0];
/** What a push of WeChat leads to, written by hand. */
const decide = (user: TestUser, state: string) => platform.sql(`UPDATE media_checks SET state = $2, due_at = NULL, decided_at = now() WHERE user_id = $1 AND state = 'pending'`, [user.id, state]);
const waits = (user: TestUser) => eventually(() => rowOf(user), (row) => row?.['step'] === 'wait');

describe('a picture of a user', () => {
  it('is refused where the tenant takes none', async () => {
    const user = await logIn(platform, await makeTenant(platform, staff));
    expect(await put(user, `${HOST}/a.png`)).toMatchObject({ status: 403, body: { error: { code: 'forbidden' } } });
    expect(await me(user)).toMatchObject({ avatar_url: null, avatar_status: null });
  });

  it.each(['http://93.184.215.14/a.png', 'https://127.0.0.1/a.png', 'https://10.0.0.1/a.png', 'https://169.254.169.254/latest', 'https://[::ffff:a9fe:a9fe]/a', 'ftp://93.184.215.14/a', 'https://u:p@93.184.215.14/a.png', 'https://93.184.215.14/a?x=1', 'javascript:alert(1)', '', 7, `${HOST}/${'a'.repeat(2_050)}`])('may not be at %s', async (url) => {
    const user = await logIn(platform, tenant, 'attacker');
    expect(await put(user, url)).toMatchObject({ status: 400, body: { error: { code: 'invalid_request', param: 'url' } } });
    expect(await rowOf(user)).toBeUndefined();
  });

  it('is judged by WeChat first, and until then the former one is shown', async () => {
    await judgeMediaBy(platform, tenant, { rules: [{ keyword: '/', never: true }] });
    const user = await logIn(platform, tenant, 'anna');
    expect(await put(user, `${HOST}/one.png`)).toMatchObject({ status: 202, body: { id: user.id, avatar_url: null, avatar_status: 'pending' } });
    expect((await put(user, `${HOST}/one.png`)).status).toBe(202);
    await calls(tenant, 1);
    await waits(user);
    expect(await rowOf(user)).toMatchObject({ attempts: 1, trace_id: expect.any(String), purpose: 'avatar' });
    expect(await platform.sql('SELECT 1 FROM media_checks WHERE user_id = $1', [user.id])).toHaveLength(1);
    await decide(user, 'passed');
    expect(await me(user)).toMatchObject({ avatar_url: `${HOST}/one.png`, avatar_status: 'passed' });
    for (const state of ['rejected', 'failed', 'review']) {
      expect((await put(user, `${HOST}/${state}.png`)).body).toMatchObject({ avatar_url: `${HOST}/one.png`, avatar_status: 'pending' });
      await decide(user, state);
      expect(await me(user)).toMatchObject({ avatar_url: `${HOST}/one.png`, avatar_status: state });
    }
    expect((await platform.api.ok('GET', '/v1/me/export', { token: user.token })).avatar).toEqual({ shown: `${HOST}/one.png`, newest: `${HOST}/review.png`, state: 'review' });
    expect((await platform.api.call('DELETE', '/v1/me/avatar', { token: user.token })).status).toBe(204);
    expect(await me(user)).toMatchObject({ avatar_url: null, avatar_status: null });
  });

  it('is shown, refused or left to people as WeChat pushes, and a letter that comes twice changes nothing', async () => {
    const form = { token: 'pushtoken1', encodingAesKey: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ' };
    const pushed = await makeTenant(platform, staff, { settings: { media_checks: true }, push_token: form.token, push_aes_key: form.encodingAesKey });
    await setWechatPush(platform, pushed, { ...form, mode: 'secure' });
    await judgeMediaBy(platform, pushed, { delayMs: 100, rules: [{ keyword: 'bad', suggest: 'risky', label: 20002 }, { keyword: 'odd', suggest: 'review', label: 21000 }] });
    const user = await logIn(platform, pushed, 'push');
    await put(user, `${HOST}/good.png`);
    await eventually(() => me(user), ({ avatar_status }) => avatar_status === 'passed');
    await put(user, `${HOST}/bad.png`);
    await eventually(() => me(user), ({ avatar_status }) => avatar_status === 'rejected');
    await pushMediaVerdict(platform, (await rowOf(user))?.['trace_id'] as string, { suggest: 'pass' });
    expect(await me(user)).toMatchObject({ avatar_url: `${HOST}/good.png`, avatar_status: 'rejected' });
    await put(user, `${HOST}/odd.png`);
    await eventually(() => me(user), ({ avatar_status }) => avatar_status === 'review');
    expect((await platform.api.ok('GET', `/admin/v1/tenants/${pushed.id}/reviews?kind=media`, { token: staff })).data).toHaveLength(1);
  });

  it('that WeChat never speaks of has failed after 35 minutes', async () => {
    await judgeMediaBy(platform, tenant, { rules: [{ keyword: '/', never: true }] });
    const user = await logIn(platform, tenant, 'bert');
    await put(user, `${HOST}/never.png`);
    await waits(user);
    const [due] = await platform.sql<{ minutes: number }>('SELECT extract(epoch FROM due_at - now())::float / 60 AS minutes FROM media_checks WHERE user_id = $1', [user.id]);
    expect(due?.minutes).toBeGreaterThan(34);
    expect(due?.minutes).toBeLessThanOrEqual(35);
    await platform.sql(`UPDATE media_checks SET due_at = now() WHERE user_id = $1`, [user.id]);
    await eventually(() => me(user), ({ avatar_status }) => avatar_status === 'failed');
    expect(await rowOf(user)).toMatchObject({ failure: 'never_pushed', due_at: null });
  });

  it('is asked about again when WeChat is busy, and given up when it refuses', async () => {
    const shop = await makeTenant(platform, staff, { settings: { media_checks: true } });
    const user = await logIn(platform, shop, 'carl');
    await wechatControl(platform, 'PUT', '/control/script', { next: [{ path: PATH, appid: shop.appId, errcode: 45009 }] });
    await put(user, `${HOST}/busy.png`);
    expect(await waits(user)).toMatchObject({ attempts: 2, state: 'pending' });
    const stranger = await logIn(platform, shop, 'doris');
    await platform.sql(`UPDATE users SET openid = 'nobody' WHERE id = $1`, [stranger.id]);
    await put(stranger, `${HOST}/nobody.png`);
    await eventually(() => me(stranger), ({ avatar_status }) => avatar_status === 'failed');
    expect(await rowOf(stranger)).toMatchObject({ failure: 'refused', attempts: 1 });
  });

  it('of which there is doubt is shown when staff says so', async () => {
    const user = await logIn(platform, tenant, 'emil');
    await put(user, `${HOST}/doubt.png`);
    const id = (await rowOf(user))?.['id'] as string;
    await decide(user, 'review');
    await platform.sql(
      `INSERT INTO reviews (tenant_id, id, natural_key, kind, state, user_id, subject_id, label, reason, due_at) VALUES ($1, gen_random_uuid(), $2, 'media', 'waiting', $3, $4, '21000', 'wechat: review', now() + interval '1 hour')`,
      [tenant.id, `media:${id}`, user.id, id],
    );
    const [review] = (await platform.api.ok('GET', `/admin/v1/tenants/${tenant.id}/reviews?kind=media`, { token: staff })).data;
    await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/reviews/${review.id}/claim`, { token: staff });
    await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/reviews/${review.id}/approve`, { token: staff, body: {} });
    expect(await me(user)).toMatchObject({ avatar_url: `${HOST}/doubt.png`, avatar_status: 'passed' });
  });

  it('may be brought twenty times an hour, and goes with the account', async () => {
    const user = await logIn(platform, tenant, 'frida');
    const answers = await Promise.all(Array.from({ length: 24 }, (_, at) => put(user, `${HOST}/${at}.png`)));
    expect([202, 429].map((wanted) => answers.filter(({ status }) => status === wanted).length)).toEqual([20, 4]);
    expect(await put(user, `${HOST}/more.png`)).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
    expect((await platform.api.call('DELETE', '/v1/me', { token: user.token })).status).toBe(204);
    expect(await platform.sql('SELECT DISTINCT url, due_at FROM media_checks WHERE user_id = $1', [user.id])).toEqual([{ url: '', due_at: null }]);
  });
});

describe('a nickname', () => {
  it('is judged by the word lists', async () => {
    const user = await logIn(platform, tenant, 'gerda');
    const list = await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/word-lists`, { token: staff, body: { name: '昵称', category: 'abuse' } });
    for (const [text, action] of [['坏名字', 'block'], ['半坏', 'mask']]) {
      await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/word-lists/${list.id}/words`, { token: staff, body: { text, action, category: 'abuse' } });
    }
    const rename = (nickname: string | null) => platform.api.call('PATCH', '/v1/me', { token: user.token, body: { nickname } });
    await eventually(() => rename('我是坏 名字'), ({ status }) => status === 422, 2_000);
    expect(await rename('我是坏名字')).toMatchObject({ status: 422, body: { error: { code: 'content_blocked', param: 'nickname', message: '内容包含违规信息' } } });
    expect((await rename('小半坏')).body.nickname).toBe('小**');
    expect((await rename('好名字')).body.nickname).toBe('好名字');
    expect((await rename(null)).body.nickname).toBeNull();
  });
});
