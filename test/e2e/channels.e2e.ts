import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../kit/commands.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeApiKey, makeModel, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform, type Node } from '../kit/platform.js';
import { scripted, upstreamRequests } from '../kit/upstream-script.js';

/** The simulators are at home on loopback. */
const ENV = { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1' };
const SECRET = 'sk-very-secret-upstream-key';

let platform: Platform;
let second: Node;
let staff: string;
let tenant: TestTenant;
let user: TestUser;
let made = 0;

beforeAll(async () => {
  platform = await Platform.start({ env: ENV });
  second = await platform.spawn('api');
  staff = await admin(platform);
  tenant = await makeTenant(platform, staff);
  user = await logIn(platform, tenant);
});
afterAll(async () => platform.stop());

const channelsOf = (owner?: TestTenant): string => (owner === undefined ? '/admin/v1/channels' : `/admin/v1/tenants/${owner.id}/channels`);

function draft(model: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  made += 1;
  return { name: `channel ${made}`, base_url: platform.servers.openaiUrl, api_key: SECRET, models: [{ model }], ...more };
}

/** A model that the environment does not name, in the catalogue but served by nobody yet. */
async function newModel(): Promise<string> {
  made += 1;
  const name = `sim-new-${made}`;
  await makeModel(platform, staff, name);
  return name;
}

/** What a user is offered. */
async function offered(api = platform.api, who = user, headers: Record<string, string> = {}): Promise<string[]> {
  return (await api.ok('GET', '/v1/models', { token: who.token, headers })).data.map((model: { id: string }) => model.id);
}

async function within<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<void> {
  await eventually(ask, holds, 1_000);
}

describe('channels', () => {
  it('are kept whole, but for their key, which never comes out', async () => {
    const model = await newModel();
    const body = draft(model, {
      models: [{ model, upstream_name: 'vendor/real-name', price: { input: 1_000, cached_input: 100, output: 2_000 } }], proxy_url: 'http://127.0.0.1:3128', region: 'cn-north', tags: ['cheap', 'text'],
      requests_per_minute: 60, tokens_per_minute: 100_000, max_concurrent: 5, priority: 7, weight: 3,
    });
    const created = await platform.api.post(channelsOf(), body, { token: staff });
    const shown = Object.fromEntries(Object.entries(body).filter(([field]) => field !== 'api_key'));
    expect(created).toMatchObject({ status: 201, body: { ...shown, tenant_id: null, kind: 'openai', has_key: true, state: 'active', state_reason: null } });
    const { id } = created.body;
    const changed = await platform.api.call('PATCH', `${channelsOf()}/${id}`, { token: staff, body: { region: null, max_concurrent: null, weight: 9 } });
    expect(changed.body).toMatchObject({ ...shown, region: null, max_concurrent: null, weight: 9, has_key: true });
    const listed = await platform.api.get(channelsOf(), { token: staff });
    expect(listed.body.data[0]).toEqual(changed.body);
    expect([created.text, changed.text, listed.text].join()).not.toContain(SECRET);
    const [row] = await platform.sql<{ sealed_key: string }>('SELECT sealed_key FROM channels WHERE id = $1', [id]);
    expect(row?.sealed_key).toMatch(/^v1\./);
    expect((await platform.api.call('PATCH', `${channelsOf()}/${id}`, { token: staff, body: { api_key: null } })).body.has_key).toBe(false);
    expect((await platform.api.call('DELETE', `${channelsOf()}/${id}`, { token: staff })).status).toBe(204);
    expect(await platform.api.get(`${channelsOf()}/${id}`, { token: staff })).toMatchObject({ status: 404, body: { error: { param: 'id' } } });
  });

  it('are listed page by page, newest first', async () => {
    const own = await makeTenant(platform, staff);
    const ids: string[] = [];
    for (let at = 0; at < 3; at += 1) ids.unshift((await platform.api.ok('POST', channelsOf(own), { token: staff, body: draft('sim-chat') })).id);
    const first = await platform.api.ok('GET', `${channelsOf(own)}?limit=2`, { token: staff });
    const rest = await platform.api.ok('GET', `${channelsOf(own)}?limit=2&cursor=${first.next_cursor}`, { token: staff });
    expect([...first.data, ...rest.data].map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(rest.next_cursor).toBeNull();
  });

  it.each([
    ['base_url', { base_url: 'https://169.254.169.254/latest' }], ['base_url', { base_url: 'https://127.0.0.2/v1' }], ['base_url', { base_url: 'https://2130706434/v1' }], ['base_url', { base_url: 'https://[::ffff:a9fe:a9fe]/v1' }],
    ['base_url', { base_url: 'https://[::1]/v1' }], ['base_url', { base_url: 'https://0.0.0.0/v1' }], ['base_url', { base_url: 'http://1.1.1.1/v1' }], ['base_url', { base_url: 'https://a:b@1.1.1.1/v1' }], ['base_url', { base_url: 'ftp://1.1.1.1/' }],
    ['base_url', { base_url: 'https://1.1.1.1/v1?x' }], ['base_url', { base_url: 'x' }], ['base_url', { base_url: undefined }], ['proxy_url', { proxy_url: 'http://10.0.0.1:3128' }],
    ['name', { name: undefined }], ['name', { name: ' ' }], ['models', { models: [] }], ['models', { models: undefined }], ['models[0].model', { models: [{ model: 'a b' }] }], ['models[1].model', { models: [{ model: 'a' }, { model: 'a' }] }],
    ['models[0].price.output', { models: [{ model: 'a', price: { input: 1, cached_input: 1 } }] }], ['models[0].price.input', { models: [{ model: 'a', price: { input: 1.5, cached_input: 1, output: 1 } }] }],
    ['models[0].upstream_name', { models: [{ model: 'a', upstream_name: 'b\nc' }] }], ['region', { region: 'a\nb' }], ['base_url', { base_url: 'https://1.1.1.1/\nv1' }], ['tags', { tags: ['a b'] }],
    ['weight', { weight: 0 }], ['max_concurrent', { max_concurrent: 0 }], ['api_key', { api_key: 'with blank' }], ['kind', { kind: 'azure' }], ['state', { state: 'paused' }], ['base_url', { kind: 'local', base_url: 'https://1.1.1.1/' }],
  ])('with a wrong %s are refused: %j', async (param, wrong) => {
    const answer = await platform.api.post(channelsOf(), draft('sim-chat', wrong), { token: staff });
    expect([answer.status, answer.body.error?.param]).toEqual([400, param]);
    expect(answer.text).not.toContain(SECRET);
  });

  it('of one name are refused where they would meet', async () => {
    const name = 'the only one';
    for (const owner of [undefined, tenant]) {
      expect((await platform.api.post(channelsOf(owner), draft('sim-chat', { name }), { token: staff })).status).toBe(201);
      expect(await platform.api.post(channelsOf(owner), draft('sim-chat', { name }), { token: staff })).toMatchObject({ status: 409, body: { error: { param: 'name' } } });
    }
  });

  it('do not take a kept key along to another server', async () => {
    const { id } = await platform.api.ok('POST', channelsOf(), { token: staff, body: draft('sim-chat') });
    const path = `${channelsOf()}/${id}`;
    expect(await platform.api.call('PATCH', path, { token: staff, body: { base_url: 'https://1.1.1.1/v1' } })).toMatchObject({ status: 400, body: { error: { param: 'api_key' } } });
    expect((await platform.api.call('PATCH', path, { token: staff, body: { base_url: `${platform.servers.openaiUrl}/beta/` } })).body.base_url).toBe(`${platform.servers.openaiUrl}/beta`);
    expect((await platform.api.call('PATCH', path, { token: staff, body: { base_url: 'https://1.1.1.1/v1', api_key: 'another' } })).status).toBe(200);
  });

  it('hold on every node within a second, in every state', async () => {
    const model = await newModel();
    const nodes = [platform.api, second.api];
    const everywhere = async (there: boolean): Promise<void> => {
      for (const api of nodes) await within(() => offered(api), (names) => names.includes(model) === there);
    };
    await everywhere(false);
    const { id } = await second.api.ok('POST', channelsOf(), { token: staff, body: draft(model) });
    await everywhere(true);
    const move = (name: string, body?: object) => platform.api.post(`${channelsOf()}/${id}/${name}`, body, { token: staff });
    expect((await move('pause')).body.state).toBe('paused');
    await everywhere(true);
    expect((await move('pause')).status).toBe(200);
    expect(await move('enable')).toMatchObject({ status: 409, body: { error: { param: 'state' } } });
    expect((await move('resume')).body.state).toBe('active');
    expect((await move('disable', { reason: 'too dear' })).body).toMatchObject({ state: 'disabled', state_reason: 'too dear' });
    await everywhere(false);
    expect((await move('disable', { reason: 'again' })).body.state_reason).toBe('too dear');
    expect((await move('enable')).body).toMatchObject({ state: 'active', state_reason: null });
    await everywhere(true);
    await makeModel(platform, staff, model, { enabled: false });
    await everywhere(false);
  });

  it('are what answers go over, under the upstream\'s own name of the model', async () => {
    const model = await newModel();
    await platform.api.ok('POST', channelsOf(tenant), { token: staff, body: draft(model, { models: [{ model, upstream_name: `vendor/${model}` }] }) });
    const question = scripted({ tokens: 3 });
    const answer = await platform.api.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: question }] }, { token: user.token });
    expect([answer.status, answer.body.model]).toEqual([200, model]);
    const asked = (await upstreamRequests(platform)) as unknown as { model: string; messages: { content: string }[] }[];
    expect(asked.find(({ messages }) => messages.at(-1)?.content === question)?.model).toBe(`vendor/${model}`);
  });

  it('are whole after news were missed', async () => {
    const model = await newModel();
    second.freeze();
    await platform.api.ok('POST', channelsOf(), { token: staff, body: draft(model) });
    second.thaw();
    await within(() => offered(second.api), (names) => names.includes(model));
  });

  it('are sealed anew when the master key is rotated', async () => {
    const env = platform.environment();
    await platform.api.ok('POST', channelsOf(tenant), { token: staff, body: draft('sim-chat') });
    expect((await runCommand('rotate-keys', { ...env, MASTER_KEY_2: Buffer.alloc(32, 7).toString('base64') })).code).toBe(0);
    const sealed = await platform.sql<{ sealed_key: string }>('SELECT sealed_key FROM channels WHERE sealed_key IS NOT NULL UNION ALL SELECT sealed_key FROM tenant_channels');
    expect(sealed.every((row) => row.sealed_key.startsWith('v2.'))).toBe(true);
    expect((await runCommand('rotate-keys', { ...env, MASTER_KEY_2: Buffer.alloc(32, 7).toString('base64') })).output).toContain(' 0 sealed anew');
    // Back to the one key that the nodes of this file have.
    for (const table of ['channels', 'tenant_channels']) await platform.sql(`DELETE FROM ${table}`);
  });
});

describe("a tenant's own channels", () => {
  it('serve that tenant alone, and are out of reach for others', async () => {
    const model = await newModel();
    const other = await makeTenant(platform, staff);
    const stranger = await logIn(platform, other);
    const { id, tenant_id } = await platform.api.ok('POST', channelsOf(tenant), { token: staff, body: draft(model) });
    expect(tenant_id).toBe(tenant.id);
    for (const api of [platform.api, second.api]) {
      await within(() => offered(api), (names) => names.includes(model));
      expect(await offered(api, stranger)).not.toContain(model);
    }
    for (const [method, path] of [['GET', ''], ['PATCH', ''], ['DELETE', ''], ['POST', '/disable']] as const) {
      for (const owner of [undefined, other]) {
        const answer = await platform.api.call(method, `${channelsOf(owner)}/${id}${path}`, { token: staff, ...(method === 'GET' || method === 'DELETE' ? {} : { body: {} }) });
        expect([method, answer.status]).toEqual([method, 404]);
      }
    }
    expect((await platform.api.ok('GET', channelsOf(other), { token: staff })).data).toEqual([]);
    expect((await platform.api.get(channelsOf(tenant), { token: user.token })).status).toBe(401);
    expect((await platform.api.post(channelsOf(tenant), draft(model, { kind: 'local', base_url: '/models/a.gguf', api_key: undefined }), { token: staff })).body.error.param).toBe('kind');
  });

  it('are all that it has, where it wants that', async () => {
    const own = await makeTenant(platform, staff, { settings: { own_channels_only: true } });
    const theirs = await logIn(platform, own);
    await within(() => offered(platform.api, theirs), (names) => names.length === 0);
    await platform.api.ok('POST', channelsOf(own), { token: staff, body: draft('sim-small') });
    for (const api of [platform.api, second.api]) await within(() => offered(api, theirs), (names) => names.join() === 'sim-small');
    expect(await platform.api.post('/v1/conversations', { model: 'sim-chat' }, { token: theirs.token })).toMatchObject({ status: 404, body: { error: { param: 'model' } } });
    await platform.api.ok('PATCH', `/admin/v1/tenants/${own.id}`, { token: staff, body: { settings: { own_channels_only: null } } });
    for (const api of [platform.api, second.api]) await within(() => offered(api, theirs), (names) => names.includes('sim-chat'));
  });
});

describe('models', () => {
  it('are entered, replaced, listed and removed by staff', async () => {
    const path = `/admin/v1/models/${encodeURIComponent('vendor/model-x:1.5')}`;
    expect((await platform.api.call('PUT', path, { token: staff, body: { context_window: 8_000, max_answer_tokens: 500 } })).body).toMatchObject({ name: 'vendor/model-x:1.5', tokenizer: null, enabled: true });
    expect((await platform.api.call('PUT', path, { token: staff, body: { context_window: 9_000, max_answer_tokens: 500, tokenizer: 'cl100k_base' } })).body).toMatchObject({ context_window: 9_000, tokenizer: 'cl100k_base' });
    expect((await platform.api.get(path, { token: staff })).body.context_window).toBe(9_000);
    expect((await platform.api.get('/admin/v1/models?limit=1', { token: staff })).body).toMatchObject({ data: [{}], next_cursor: expect.any(String) });
    expect((await platform.api.call('PUT', path, { token: staff, body: { context_window: 500, max_answer_tokens: 500 } })).body.error.param).toBe('max_answer_tokens');
    expect((await platform.api.call('PUT', '/admin/v1/models/a%20b', { token: staff, body: { context_window: 8_000, max_answer_tokens: 500 } })).body.error.param).toBe('name');
    expect((await platform.api.call('DELETE', path, { token: staff })).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect((await platform.api.call(method, path, { token: staff })).status).toBe(404);
  });
});

describe('an alias', () => {
  const IOS = { 'x-client-platform': 'ios' };
  const WECHAT_ON_IPHONE = { 'user-agent': 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.49(0x18003137)' };

  it('hides the real name on the platforms that it names, in all that a client sees', async () => {
    const shop = await makeTenant(platform, staff, { settings: { model_aliases: { smart: { model: 'sim-chat', clients: ['ios'] } }, default_model: 'sim-chat' } });
    const buyer = await logIn(platform, shop);
    const key = await makeApiKey(platform, buyer);
    for (const headers of [IOS, WECHAT_ON_IPHONE]) expect(await offered(platform.api, buyer, headers)).toEqual(['smart', 'sim-small']);
    expect(await offered(platform.api, buyer)).toEqual(['sim-chat', 'sim-small']);
    const ask = (model: string | undefined, headers: Record<string, string>) => platform.api.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: '你好' }] }, { token: key, headers });
    for (const [model, headers, shown] of [['smart', IOS, 'smart'], [undefined, IOS, 'smart'], ['sim-chat', {}, 'sim-chat']] as const) expect((await ask(model, headers)).body.model).toBe(shown);
    for (const [model, headers] of [['sim-chat', IOS], ['smart', {}]] as const) expect(await ask(model, headers)).toMatchObject({ status: 404, body: { error: { param: 'model' } } });
    const conversation = await platform.api.ok('POST', '/v1/conversations', { token: buyer.token, headers: IOS, body: { model: 'smart' } });
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation.id}/messages?format=sse`, { token: buyer.token, headers: IOS, body: { content: '你好' } });
    const runId = stream.runId;
    const events = await stream.all();
    expect(events.find((event) => event.event === 'started')?.data).toMatchObject({ model: 'smart' });
    const again = await (await platform.api.stream('GET', `/v1/runs/${runId}/stream?format=sse`, { token: buyer.token, headers: IOS })).all();
    expect(again[0]).toEqual(events[0]);
    const seen = async (headers: Record<string, string>): Promise<string> => {
      const answers = await Promise.all(['/v1/models', '/v1/tenant', '/v1/conversations', `/v1/conversations/${conversation.id}`, `/v1/conversations/${conversation.id}/messages`, ...['md', 'txt', 'json'].map((format) => `/v1/conversations/${conversation.id}/export?format=${format}`), `/v1/runs/${runId}`, '/v1/usage', '/v1/usage/export', '/v1/me/export']
        .map((path) => platform.api.get(path, { token: buyer.token, headers: { ...headers, 'x-tenant': shop.slug } })));
      expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
      return answers.map((answer) => answer.text).join('\n');
    };
    expect(JSON.stringify([conversation, events]) + (await seen(IOS))).not.toContain('sim-chat');
    expect(await seen({})).not.toContain('"smart"');
  });

  it('that hides nothing stands beside the name', async () => {
    const shop = await makeTenant(platform, staff, { settings: { model_aliases: { 'gpt-like': { model: 'sim-small', hide: false } } } });
    const buyer = await logIn(platform, shop);
    expect(await offered(platform.api, buyer)).toEqual(['sim-chat', 'sim-small', 'gpt-like']);
    expect((await platform.api.ok('GET', '/v1/models/gpt-like', { token: buyer.token })).id).toBe('gpt-like');
  });

  it.each([[{ 'a b': { model: 'sim-chat' } }], [{ smart: { model: 'sim-chat', clients: ['windows'] } }], [{ one: { model: 'sim-chat' }, two: { model: 'sim-chat' } }], ['x']])('is refused where it makes no sense: %j', async (aliases) => {
    expect(await platform.api.call('PATCH', `/admin/v1/tenants/${tenant.id}`, { token: staff, body: { settings: { model_aliases: aliases } } })).toMatchObject({ status: 400, body: { error: { param: 'settings.model_aliases' } } });
  });
});
