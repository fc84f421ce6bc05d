import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, loginCode, makeApiKey, makeConversation, makeTenant, type TestTenant } from '../kit/factories.js';
import { Platform, type Node } from '../kit/platform.js';
import { banUser } from '../kit/staff.js';
import { scripted } from '../kit/upstream-script.js';

let platform: Platform;
let second: Node;
let staff: string;
let tenant: TestTenant;

beforeAll(async () => {
  platform = await Platform.start();
  second = await platform.spawn('api');
  staff = await admin(platform);
  tenant = await makeTenant(platform, staff);
});
afterAll(async () => platform.stop());

const refresh = (token: string) => platform.api.post('/v1/auth/refresh', { refresh_token: token });
const me = (token: string, node = platform.node) => node.api.get('/v1/me', { token });
const letIn = (id: string) => platform.api.ok('PUT', `/admin/v1/tenants/${tenant.id}/users/${id}/standing`, { token: staff, body: { standing: 'active' } });

describe('login by WeChat', () => {
  it('gives the same user for the same person, and takes a code once', async () => {
    const code = await loginCode(platform, tenant, 'anna');
    const headers = { 'x-tenant': tenant.slug };
    const first = await platform.api.ok('POST', '/v1/auth/wechat', { headers, body: { code } });
    expect(first).toMatchObject({ token_type: 'Bearer', expires_in: 900 });
    expect(await platform.api.post('/v1/auth/wechat', { code }, { headers })).toMatchObject({ status: 401, body: { error: { code: 'unauthenticated' } } });
    expect((await logIn(platform, tenant, 'anna')).id).toBe(first.user.id);
    expect((await logIn(platform, tenant, 'bert')).id).not.toBe(first.user.id);
    expect(JSON.stringify(first)).not.toContain('session_key');
  });
});

describe('sessions', () => {
  it('rotate their refresh token; a spent one revokes the family', async () => {
    const user = await logIn(platform, tenant, 'rotator');
    const renewed = (await refresh(user.refreshToken)).body;
    expect((await me(renewed.access_token)).status).toBe(200);
    expect((await refresh(user.refreshToken)).status).toBe(401);
    expect((await refresh(renewed.refresh_token)).status).toBe(401);
    await eventually(() => me(renewed.access_token, second), (answer) => answer.status === 401, 1_000);
  });

  it('give one winner when a token is renewed many times at once', async () => {
    const user = await logIn(platform, tenant, 'racer');
    const answers = await Promise.all(Array.from({ length: 6 }, () => refresh(user.refreshToken)));
    expect(answers.filter((answer) => answer.status === 200).length).toBeLessThanOrEqual(1);
    expect(answers.every((answer) => [200, 401].includes(answer.status))).toBe(true);
  });

  it('end by logout on every node within a second', async () => {
    const user = await logIn(platform, tenant, 'leaver');
    expect((await me(user.token, second)).status).toBe(200);
    expect((await platform.api.post('/v1/auth/logout', undefined, { token: user.token })).status).toBe(204);
    await eventually(() => me(user.token, second), (answer) => answer.status === 401, 1_000);
    expect((await refresh(user.refreshToken)).status).toBe(401);
  });

  it('take no token that was touched', async () => {
    const { token } = await logIn(platform, tenant, 'forger');
    const [head, body, signature] = token.split('.') as [string, string, string];
    const none = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url');
    const elevated = Buffer.from(Buffer.from(body, 'base64url').toString().replace(/"exp":\d+/, '"exp":9999999999')).toString('base64url');
    for (const forged of [`${none}.${body}.`, `${none}.${body}.${signature}`, `${head}.${elevated}.${signature}`, `${head}.${body}.${signature.slice(0, -2)}${signature.endsWith('AA') ? 'EA' : 'AA'}`, `${token}x`, '']) {
      expect([forged.slice(0, 12), (await me(forged)).status]).toEqual([forged.slice(0, 12), 401]);
    }
  });
});

describe('a ban', () => {
  it('holds on every node within a second, ends the stream in flight, and is lifted', async () => {
    const user = await logIn(platform, tenant, 'rowdy');
    const conversation = await makeConversation(platform.api, user);
    const stream = await second.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ tokens: 500, gapMs: 20 }) } });
    await stream.until((event) => event.event === 'delta');
    await banUser(platform, staff, tenant.id, user.id);
    const refused = await eventually(() => me(user.token, second), (answer) => answer.status !== 200, 1_000);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'user_banned' } } });
    expect((await stream.all()).at(-1)).toMatchObject({ event: 'error', data: { code: 'user_banned' } });
    const again = await platform.api.post('/v1/auth/wechat', { code: await loginCode(platform, tenant, 'rowdy') }, { headers: { 'x-tenant': tenant.slug } });
    expect(again.body.error.code).toBe('user_banned');
    await letIn(user.id);
    await eventually(() => me(user.token, second), (answer) => answer.status === 200, 1_000);
  });
});

describe('API keys', () => {
  it('that a program brings with 400 requests at once is looked up once, and all are served', async () => {
    const user = await logIn(platform, await makeTenant(platform, staff));
    const key = await makeApiKey(platform, user);
    const answers = await Promise.all(Array.from({ length: 400 }, () => platform.api.get('/v1/models', { token: key })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('are shown once, open the OpenAI-compatible doors only, and are revoked everywhere within a second', async () => {
    const user = await logIn(platform, tenant, 'dev');
    const key = await makeApiKey(platform, user, '我的脚本');
    expect(key).toMatch(/^bk_[\w-]{40,}$/);
    const listed = await platform.api.get('/v1/api-keys', { token: user.token });
    expect(listed.body.data).toMatchObject([{ name: '我的脚本', last_used_at: null }]);
    expect(listed.text).not.toContain(key);
    expect(await platform.sql('SELECT 1 FROM api_keys WHERE key_hash = $1', [key])).toEqual([]);
    expect((await second.api.get('/v1/models', { token: key })).status).toBe(200);
    for (const path of ['/v1/me', '/v1/conversations', '/v1/api-keys', '/v1/me/export']) expect([path, (await platform.api.get(path, { token: key })).status]).toEqual([path, 403]);
    await eventually(() => platform.api.ok('GET', '/v1/api-keys', { token: user.token }), (answer) => answer.data[0].last_used_at !== null);
    await platform.api.ok('DELETE', `/v1/api-keys/${listed.body.data[0].id}`, { token: user.token });
    await eventually(() => second.api.get('/v1/models', { token: key }), (answer) => answer.status === 401, 1_000);
  });
});

describe('one\'s own data', () => {
  it('can be named, taken along and erased; the books stay, under a pseudonym', async () => {
    const user = await logIn(platform, tenant, 'carla');
    const [before] = await platform.sql<{ openid: string }>('SELECT openid FROM users WHERE id = $1', [user.id]);
    expect(await platform.api.ok('PATCH', '/v1/me', { token: user.token, body: { nickname: '卡拉' } })).toMatchObject({ nickname: '卡拉' });
    const conversation = await makeConversation(platform.api, user);
    await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ text: '记住我' }) } })).all();
    const exported = await platform.api.ok('GET', '/v1/me/export', { token: user.token });
    expect(exported).toMatchObject({ notice: expect.stringContaining('AI'), conversations: [{ id: conversation, messages: [{ role: 'user' }, { role: 'assistant', content: '记住我', AIGC: { Label: '1' } }] }] });
    expect((await platform.api.call('DELETE', '/v1/me', { token: user.token })).status).toBe(204);
    await eventually(() => me(user.token, second), (answer) => answer.status === 401, 1_000);
    expect(await platform.sql('SELECT 1 FROM conversations WHERE user_id = $1', [user.id])).toEqual([]);
    expect(await platform.sql('SELECT 1 FROM messages WHERE conversation_id = $1', [conversation])).toEqual([]);
    const [after] = await platform.sql<{ openid: string; nickname: string | null; standing: string }>('SELECT openid, nickname, standing FROM users WHERE id = $1', [user.id]);
    expect(after).toMatchObject({ nickname: null, standing: 'deleted', openid: expect.stringMatching(/^erased:/) });
    expect(after?.openid).not.toBe(before?.openid);
    expect(await platform.sql('SELECT 1 FROM runs WHERE user_id = $1', [user.id])).toHaveLength(1);
    expect((await logIn(platform, tenant, 'carla')).id).not.toBe(user.id);
  });
});
