import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, loginCode, makeApiKey, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { scripted } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;
let tenant: TestTenant;
let user: TestUser;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
  tenant = await makeTenant(platform, staff);
  user = await logIn(platform, tenant);
});
afterAll(async () => platform.stop());

/** What a browser gets that came by a tenant's own domain; fetch may not set the Host. */
function askByHost(host: string): Promise<{ status: number | undefined; slug: string | undefined }> {
  return new Promise((resolve, reject) => {
    request(`${platform.api.url}/v1/tenant`, { headers: { host } }, (answer) => {
      let text = '';
      answer.on('data', (part: Buffer) => { text += part.toString(); });
      answer.on('end', () => resolve({ status: answer.statusCode, slug: (JSON.parse(text) as { slug?: string }).slug }));
    }).on('error', reject).end();
  });
}

describe('tenants', () => {
  it('are made, read, changed and listed by the platform admin, and their secret is never shown', async () => {
    const made = await platform.api.ok('POST', '/admin/v1/tenants', {
      token: staff, body: { slug: 'acme', display_name: '阿克米', app_id: 'wx00000000acme', app_secret: 'top-secret-value', domains: ['chat.acme.test'], settings: { welcome_text: '欢迎' } },
    });
    expect(made).toMatchObject({ slug: 'acme', display_name: '阿克米', state: 'active', has_app_secret: true, domains: ['chat.acme.test'] });
    const changed = await platform.api.ok('PATCH', `/admin/v1/tenants/${made.id}`, { token: staff, body: { display_name: '新名字', settings: { theme_color: '#112233' } } });
    expect(changed).toMatchObject({ display_name: '新名字', settings: { welcome_text: '欢迎', theme_color: '#112233' } });
    const read = await platform.api.get(`/admin/v1/tenants/${made.id}`, { token: staff });
    const listed = await platform.api.get('/admin/v1/tenants?slug=acme', { token: staff });
    expect(listed.body.data).toHaveLength(1);
    expect(read.text + listed.text + JSON.stringify(changed)).not.toContain('top-secret');
    const [row] = await platform.sql<{ sealed: string }>('SELECT sealed FROM tenant_credentials WHERE tenant_id = $1', [made.id]);
    expect(row?.sealed).toMatch(/^v1\./);
    expect(row?.sealed).not.toContain('top-secret');
  });

  it('take the keys of their message push, tell that they are there, and never what they are', async () => {
    const keys = { push_token: 'PushTokenOfATenant', push_aes_key: 'Q7m2xTz9KfLw4VbN8sHc1RyPgJ6dUeAo3ZiXt5WkM0C' };
    const set = await platform.api.get(`/admin/v1/tenants/${(await platform.api.ok('POST', '/admin/v1/tenants', { token: staff, body: { slug: 'pushed', display_name: 'x', app_id: 'wx-pushed', ...keys } })).id}`, { token: staff });
    expect(set.body).toMatchObject({ has_push_token: true, has_push_aes_key: true, has_app_secret: false });
    expect(set.text).not.toMatch(/PushTokenOf|Q7m2xTz9/);
    const rows = await platform.sql<{ field: string; sealed: string }>('SELECT field, sealed FROM tenant_credentials WHERE tenant_id = $1 ORDER BY field', [set.body.id]);
    expect(rows.map(({ field, sealed }) => [field, sealed.startsWith('v1.')])).toEqual([['push_aes_key', true], ['push_token', true]]);
    expect(JSON.stringify(rows)).not.toMatch(/PushTokenOf|Q7m2xTz9/);
    expect(await platform.api.ok('PATCH', `/admin/v1/tenants/${set.body.id}`, { token: staff, body: { push_aes_key: null } })).toMatchObject({ has_push_token: true, has_push_aes_key: false });
  });

  it.each([['push_token', 'ab'], ['push_token', 'with blank'], ['push_token', 'x'.repeat(33)], ['push_aes_key', 'short'], ['push_aes_key', `${'a'.repeat(42)}=`], ['push_aes_key', 7]])('refuse %s = %j', async (param, value) => {
    for (const [method, path, body] of [['POST', '/admin/v1/tenants', { slug: 'never-made', display_name: 'x' }], ['PATCH', `/admin/v1/tenants/${tenant.id}`, {}]] as const) {
      expect(await platform.api.call(method, path, { token: staff, body: { ...body, [param]: value } })).toMatchObject({ status: 400, body: { error: { code: 'invalid_request', param } } });
    }
  });

  it.each([
    ['slug', { slug: 'taken', display_name: 'x' }],
    ['app_id', { slug: 'other-1', display_name: 'x', app_id: 'wx-taken' }],
    ['domains', { slug: 'other-2', display_name: 'x', domains: ['taken.test'] }],
  ])('refuse a %s that another one has', async (param, body) => {
    await platform.api.post('/admin/v1/tenants', { slug: 'taken', display_name: 'x', app_id: 'wx-taken', domains: ['taken.test'] }, { token: staff });
    expect(await platform.api.post('/admin/v1/tenants', body, { token: staff })).toMatchObject({ status: 409, body: { error: { code: 'conflict', param } } });
  });

  it('are found by header, by host and by AppID', async () => {
    await platform.api.ok('PATCH', `/admin/v1/tenants/${tenant.id}`, { token: staff, body: { domains: ['h5.example.test'] } });
    expect(await platform.api.ok('GET', '/v1/tenant', { headers: { 'x-tenant': tenant.slug } })).toMatchObject({ slug: tenant.slug, compliance: { notice: '内容由AI生成，仅供参考' } });
    expect(await askByHost('h5.example.test')).toMatchObject({ status: 200, slug: tenant.slug });
    expect(await askByHost('nobody.example.test')).toMatchObject({ status: 404 });
    const byAppId = await platform.api.post('/v1/auth/wechat', { code: await loginCode(platform, tenant, 'byappid'), app_id: tenant.appId });
    expect(byAppId.status).toBe(200);
    expect((await platform.api.get('/v1/tenant', { headers: { 'x-tenant': 'nobody' } })).status).toBe(404);
  });

  it('are found within a second on every node by a name that was asked for in vain before', async () => {
    const second = await platform.spawn('api');
    const ask = () => second.api.get('/v1/tenant', { headers: { 'x-tenant': 'soon-there' } });
    for (let attempt = 0; attempt < 3; attempt += 1) expect((await ask()).status).toBe(404);
    const madeUp = await Promise.all(Array.from({ length: 200 }, (_, at) => second.api.get('/v1/tenant', { headers: { 'x-tenant': `made-up-${at}` } })));
    expect(new Set(madeUp.map((answer) => answer.status))).toEqual(new Set([404]));
    await platform.api.ok('POST', '/admin/v1/tenants', { token: staff, body: { slug: 'soon-there', display_name: '来了' } });
    await eventually(ask, (answer) => answer.status === 200, 1_000);
  });

  it('keep to themselves what is theirs, though the same person uses both', async () => {
    const other = await logIn(platform, await makeTenant(platform, staff));
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ tokens: 3 }) } });
    await stream.all();
    const [answer] = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;
    for (const [method, path] of [
      ['GET', `/v1/conversations/${conversation}`], ['GET', `/v1/conversations/${conversation}/messages`], ['DELETE', `/v1/conversations/${conversation}`], ['GET', `/v1/runs/${stream.runId}`],
      ['GET', `/v1/runs/${stream.runId}/stream`], ['POST', `/v1/runs/${stream.runId}/stop`], ['POST', `/v1/messages/${answer.id}/regenerate`],
    ] as const) {
      expect([method, path, (await platform.api.call(method, path, { token: other.token })).status]).toEqual([method, path, 404]);
    }
    expect((await platform.api.post(`/v1/conversations/${conversation}/messages`, { content: '偷看' }, { token: other.token })).status).toBe(404);
    expect((await platform.api.ok('GET', '/v1/conversations', { token: other.token })).data).toEqual([]);
  });

  it('do not take a token of another one', async () => {
    const other = await makeTenant(platform, staff);
    expect(await platform.api.get('/v1/me', { token: user.token, headers: { 'x-tenant': other.slug } })).toMatchObject({ status: 403, body: { error: { code: 'forbidden', param: 'X-Tenant' } } });
  });

  it('offer the models that their settings name', async () => {
    const limited = await makeTenant(platform, staff, { settings: { models: ['sim-small'], default_model: 'sim-small' } });
    const theirs = await logIn(platform, limited);
    expect((await platform.api.ok('GET', '/v1/models', { token: theirs.token })).data.map((model: { id: string }) => model.id)).toEqual(['sim-small']);
    expect(await platform.api.post('/v1/conversations', { model: 'sim-chat' }, { token: theirs.token })).toMatchObject({ status: 404, body: { error: { param: 'model' } } });
  });

  it('that are suspended: users are refused on every node within a second, streams end cleanly, and all comes back', async () => {
    const second = await platform.spawn('api');
    const doomed = await makeTenant(platform, staff);
    const theirs = await logIn(platform, doomed);
    const key = await makeApiKey(platform, theirs);
    await second.api.ok('GET', '/v1/me', { token: theirs.token });
    const conversation = await makeConversation(platform.api, theirs);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: theirs.token, body: { content: scripted({ tokens: 500, gapMs: 20 }) } });
    await stream.until((event) => event.event === 'delta');
    await platform.api.ok('POST', `/admin/v1/tenants/${doomed.id}/suspend`, { token: staff });
    for (const api of [platform.api, second.api]) {
      const refused = await eventually(() => api.get('/v1/me', { token: theirs.token }), (answer) => answer.status !== 200, 1_000);
      expect(refused).toMatchObject({ status: 403, body: { error: { code: 'tenant_suspended' } } });
    }
    expect((await stream.all()).at(-1)).toMatchObject({ event: 'error', data: { code: 'tenant_suspended' } });
    expect((await platform.api.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] }, { token: key })).body.error.code).toBe('tenant_suspended');
    const login = await platform.api.post('/v1/auth/wechat', { code: await loginCode(platform, doomed, 'late') }, { headers: { 'x-tenant': doomed.slug } });
    expect(login.body.error.code).toBe('tenant_suspended');
    await platform.api.ok('POST', `/admin/v1/tenants/${doomed.id}/reactivate`, { token: staff });
    await eventually(() => second.api.get('/v1/me', { token: theirs.token }), (answer) => answer.status === 200, 1_000);
  });

  it('are the platform admin\'s alone to touch', async () => {
    for (const token of [undefined, user.token]) expect((await platform.api.get('/admin/v1/tenants', { token })).status).toBe(401);
    expect((await platform.api.post('/admin/v1/auth/login', { email: 'admin@example.com', password: 'wrong password' })).status).toBe(401);
  });
});
