import { createHash, randomUUID } from 'node:crypto';
import OpenAI from 'openai';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../kit/commands.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeApiKey, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { listWords } from '../kit/moderation.js';
import { Platform } from '../kit/platform.js';
import { upstreamControl } from '../kit/upstream-control.js';
import { resetUpstream } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterEach(async () => resetUpstream(platform));
afterAll(async () => platform.stop());

const verdictsOf = (tenant: TestTenant, query = '', token = staff) => platform.api.call('GET', `/admin/v1/tenants/${tenant.id}/moderation/verdicts?${query}`, { token });
/** What the log tells of the moderation endpoint once it has so many rows. */
const logged = async (tenant: TestTenant, count: number, query = ''): Promise<Record<string, unknown>[]> =>
  (await eventually(() => verdictsOf(tenant, `layer=openai&${query}`), ({ body }) => (body.data as unknown[]).length === count)).body.data as Record<string, unknown>[];
const moderate = (user: TestUser, input: unknown) => platform.api.call('POST', '/v1/moderations', { token: user.token, body: { input } });
const setPolicy = (tenant: TestTenant, body: object) => platform.api.ok('PATCH', `/admin/v1/tenants/${tenant.id}/moderation/policy`, { token: staff, body });
const someone = async (): Promise<TestUser> => logIn(platform, await makeTenant(platform, staff));

async function moderator(): Promise<{ readonly id: string; readonly token: string }> {
  const body = { email: `${randomUUID()}@Example.com`, password: 'long enough' };
  const { id } = await platform.api.ok('POST', '/admin/v1/staff', { token: staff, body: { ...body, role: 'moderator' } });
  return { id: id as string, token: (await platform.api.ok('POST', '/admin/v1/auth/login', { body })).access_token as string };
}

describe('POST /v1/moderations', () => {
  it('serves the stock openai client, a text or many, by key and by login', async () => {
    const user = await someone();
    const client = new OpenAI({ baseURL: `${platform.api.url}/v1`, apiKey: await makeApiKey(platform, user), maxRetries: 0 });
    const one = await client.moderations.create({ input: '今天天气不错', model: 'omni-moderation-latest' });
    expect(one.results).toHaveLength(1);
    expect(one.results[0]).toMatchObject({ flagged: false, categories: { illicit: false, 'sexual/minors': false } });
    const many = await client.moderations.create({ input: ['好', '违禁', '也好'] });
    expect(many.results.map(({ flagged }) => flagged)).toEqual([false, true, false]);
    expect(many.results[1]).toMatchObject({ categories: { illicit: true, hate: false }, category_scores: { illicit: 0.98 } });
    expect((await moderate(user, '违禁')).body.results[0].flagged).toBe(true);
  });

  it('asks the word lists, too', async () => {
    const user = await someone();
    await listWords(platform, staff, user.tenant, [{ text: '紫葡萄' }]);
    const [listed, plain] = (await eventually(() => moderate(user, ['买紫 葡 萄', '买苹果']), ({ body }) => body.results[0].flagged === true)).body.results;
    expect([listed.categories['local/test'], listed.category_scores['local/test'], listed.categories.illicit, plain.flagged]).toEqual([true, 1, false, false]);
    const { body } = await eventually(() => verdictsOf(user.tenant, 'layer=local&action=block'), (answer) => (answer.body.data as unknown[]).length > 0);
    expect(body.data[0]).toMatchObject({ layer: 'local', label: 'test', hit: '紫葡萄', has_text: true });
  });

  it.each([[undefined, 'input'], [7, 'input'], [[], 'input'], [['x', 1], 'input'], [[{ type: 'text', text: 'x' }], 'input'], [Array(33).fill('x'), 'input'], ['x'.repeat(32_001), 'input'], [Array(3).fill('x'.repeat(21_334)), 'input']])('refuses the input %#', async (input, param) => {
    const answer = await moderate(await someone(), input);
    expect([answer.status, answer.body.error.param]).toEqual([400, param]);
  });

  it('judges so many characters of one user in a minute, whatever keys they come by, and says when it goes on', async () => {
    const user = await someone();
    const keys = [await makeApiKey(platform, user, 'one'), await makeApiKey(platform, user, 'other')];
    // The same text is asked about once.
    const ask = (token: string) => platform.api.call('POST', '/v1/moderations', { token, body: { input: ['x'.repeat(32_000), 'x'.repeat(32_000)] } });
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1) statuses.push((await ask(keys[n % 2] ?? '')).status);
    expect(statuses).toEqual(Array(6).fill(200));
    const refused = await ask(user.token);
    expect([refused.status, refused.body.error.code, refused.body.error.param]).toEqual([429, 'rate_limited', 'input']);
    expect(parseInt(refused.headers.get('retry-after') ?? '', 10)).toBeGreaterThan(0);
    const other = await logIn(platform, user.tenant, 'other');
    expect((await ask(other.token)).status).toBe(200);
  });

  it('is unavailable where the endpoint fails and the policy is closed, and not where it is open', async () => {
    const user = await someone();
    await upstreamControl(platform, 'PUT', 'script', { moderations: { status: 429 } });
    const open = await moderate(user, '违禁');
    expect([open.status, open.body.results[0]]).toEqual([200, { flagged: false, categories: {}, category_scores: {}, category_applied_input_types: {} }]);
    await setPolicy(user.tenant, { input: { openai: { on_failure: 'closed' } } });
    const closed = await eventually(() => moderate(user, '违禁'), ({ status }) => status !== 200);
    expect([closed.status, closed.body.error.code, closed.headers.get('retry-after')]).toEqual([503, 'unavailable', '2']);
    expect((await logged(user.tenant, 1, 'action=block')).map(({ failure, action }) => [failure, action])).toEqual([['busy', 'block']]);
  });
});

describe('the log of judgements', () => {
  it('keeps what was found with its text, and of a clean pass a digest only', async () => {
    const user = await someone();
    const [bad, good] = [`违禁 ${randomUUID()}`, `天气 ${randomUUID()}`];
    await moderate(user, bad);
    await moderate(user, good);
    const [pass, block] = await logged(user.tenant, 2);
    expect(block).toMatchObject({
      stage: 'input', layer: 'openai', version: 'omni-moderation-latest', asked: 'block', action: 'block', label: 'illicit', failure: null, hit: null, cached: false, shadow: false,
      user_id: user.id, run_id: null, text_length: bad.length, text_digest: expect.stringMatching(/^v1\.[\w-]{43}$/), has_text: true,
    });
    expect([block?.score, Object.keys(block ?? {}).includes('text')]).toEqual([expect.closeTo(0.98, 4), false]);
    expect(pass).toMatchObject({ asked: 'pass', action: 'pass', label: 'normal', has_text: false, text_length: good.length });
    expect((await platform.api.ok('GET', `/admin/v1/tenants/${user.tenant.id}/moderation/verdicts/${block?.id as string}`, { token: staff })).text).toBe(bad);
    const kept = JSON.stringify(await platform.sql('SELECT * FROM verdicts WHERE tenant_id = $1', [user.tenant.id]));
    for (const told of [good, ...(['hex', 'base64', 'base64url'] as const).map((form) => createHash('sha256').update(good).digest(form))]) expect(kept).not.toContain(told);
  });

  it('names equal texts of a tenant by the same digest, and those of two tenants by others', async () => {
    const [user, stranger] = [await someone(), await someone()];
    const text = `违禁 ${randomUUID()}`;
    for (const each of [user, user, stranger]) await moderate(each, text);
    const digests = [...(await logged(user.tenant, 2)), ...(await logged(stranger.tenant, 1))].map(({ text_digest }) => text_digest);
    expect([digests[0] === digests[1], digests[0] === digests[2]]).toEqual([true, false]);
  });

  it('keeps one entry of all texts of a request that a layer passed', async () => {
    const user = await someone();
    const [bad, ...good] = ['违禁', '一', '二', '三'].map((text) => `${text} ${randomUUID()}`) as [string, ...string[]];
    await moderate(user, [good[0], bad, good[1], good[2]]);
    const rows = await logged(user.tenant, 2);
    const together = good.join('\n');
    expect(rows.find(({ action }) => action === 'pass')).toMatchObject({ has_text: false, text_length: together.length, text_digest: expect.stringMatching(/^v1\.[\w-]{43}$/) });
    expect(rows.find(({ action }) => action === 'block')).toMatchObject({ has_text: true, text_length: bad.length });
    expect((await verdictsOf(user.tenant, 'layer=local')).body.data).toHaveLength(1);
  });

  it('is counted', async () => {
    const user = await someone();
    await moderate(user, `违禁 ${randomUUID()}`);
    await logged(user.tenant, 1);
    expect(await metricOf(platform, 'bailiao_moderation_judgements_total', { layer: 'openai', stage: 'input', action: 'block' })).toBeGreaterThan(0);
    expect(await metricOf(platform, 'bailiao_moderation_check_seconds_count', { layer: 'openai' })).toBeGreaterThan(0);
    expect(await metricOf(platform, 'bailiao_verdict_log_waiting')).toBe(0);
  });

  it('says when a text was judged before', async () => {
    const user = await someone();
    const text = `违禁 ${randomUUID()}`;
    await moderate(user, text);
    await logged(user.tenant, 1);
    await moderate(user, text);
    expect((await logged(user.tenant, 2)).map(({ cached, action }) => [cached, action])).toEqual([[true, 'block'], [false, 'block']]);
    const neighbour = await someone();
    await moderate(neighbour, text);
    expect((await logged(neighbour.tenant, 1))[0]?.cached).toBe(false);
  });

  it('is searched page by page, by time, user, layer, stage, action and label', async () => {
    const user = await someone();
    const other = await logIn(platform, user.tenant, 'other');
    for (const text of ['一', '二', '违禁']) await moderate(user, `${text} ${randomUUID()}`);
    await moderate(other, `违禁 ${randomUUID()}`);
    const all = await logged(user.tenant, 4);
    const [newest] = all;
    const times = all.map(({ created_at }) => created_at as string);
    expect(times).toEqual([...times].sort().reverse());
    const count = async (query: string) => ((await verdictsOf(user.tenant, query.startsWith('layer=') ? query : `layer=openai&${query}`)).body.data as unknown[]).length;
    const found = await Promise.all([`user_id=${user.id}`, `user_id=${other.id}`, 'action=block', `action=block&user_id=${user.id}`, 'label=illicit', 'layer=wechat', 'stage=output', `from=${newest?.created_at as string}&user_id=${other.id}`, `to=${times.at(-1) ?? ''}`, `run_id=${randomUUID()}`].map(count));
    expect(found).toEqual([3, 1, 2, 1, 2, 0, 0, 1, 0, 0]);
    const page = (await verdictsOf(user.tenant, 'layer=openai&limit=3')).body;
    const rest = (await verdictsOf(user.tenant, `layer=openai&limit=3&cursor=${encodeURIComponent(page.next_cursor as string)}`)).body;
    expect([...page.data, ...rest.data].map(({ id }: { id: string }) => id)).toEqual(all.map(({ id }) => id));
    expect(rest.next_cursor).toBeNull();
    for (const [query, param] of [['from=yesterday', 'from'], ['to=2026-01-01T00:00:00', 'to'], ['action=ban', 'action'], ['layer=x', 'layer'], ['user_id=7', 'user_id'], ['cursor=x', 'cursor'], ['text=x', 'text']]) {
      const answer = await verdictsOf(user.tenant, query);
      expect([query, answer.status, answer.body.error.param]).toEqual([query, 400, param]);
    }
  });

  it('shows its texts to moderators, and writes down to whom', async () => {
    const user = await someone();
    const { id, token } = await moderator();
    await moderate(user, `违禁 ${randomUUID()}`);
    await moderate(user, `天气 ${randomUUID()}`);
    const [pass, block] = await logged(user.tenant, 2);
    expect((await verdictsOf(user.tenant, '', token)).status).toBe(200);
    const one = (verdict: unknown, tenant = user.tenant) => platform.api.call('GET', `/admin/v1/tenants/${tenant.id}/moderation/verdicts/${String(verdict)}`, { token });
    expect((await one(block?.id)).body.text).toContain('违禁');
    expect((await one(pass?.id)).body.text).toBeNull();
    expect(await platform.sql('SELECT staff_id, verdict_id, length(request_id) > 0 AS request FROM verdict_reads WHERE tenant_id = $1', [user.tenant.id])).toEqual([{ staff_id: id, verdict_id: block?.id, request: true }]);
    const elsewhere = await makeTenant(platform, staff);
    expect((await one(block?.id, elsewhere)).body.error).toMatchObject({ code: 'not_found', param: 'verdict_id' });
    expect([(await one(randomUUID())).status, (await one('x')).status, (await verdictsOf(user.tenant, '', user.token)).status]).toEqual([404, 404, 401]);
  });

  it('keeps texts sealed where the tenant says so', async () => {
    const user = await someone();
    await setPolicy(user.tenant, { seal_texts: true });
    const text = `违禁 ${randomUUID()}`;
    await moderate(user, text);
    const [row] = await logged(user.tenant, 1);
    expect(row?.has_text).toBe(true);
    const [kept] = await platform.sql<{ text: string | null; text_sealed: string }>(`SELECT text, text_sealed FROM verdicts WHERE tenant_id = $1 AND layer = 'openai'`, [user.tenant.id]);
    expect([kept?.text, kept?.text_sealed.startsWith('v1.')]).toEqual([null, true]);
    const path = `/admin/v1/tenants/${user.tenant.id}/moderation/verdicts/${row?.id as string}`;
    expect((await platform.api.ok('GET', path, { token: staff })).text).toBe(text);
    const [other] = [await someone()];
    await setPolicy(other.tenant, { seal_texts: true });
    await moderate(other, `违禁 ${randomUUID()}`);
    const [stranger] = await logged(other.tenant, 1);
    await platform.sql('UPDATE verdicts SET text_sealed = $1 WHERE id = $2', [kept?.text_sealed, stranger?.id]);
    expect((await platform.api.ok('GET', `/admin/v1/tenants/${other.tenant.id}/moderation/verdicts/${stranger?.id as string}`, { token: staff })).text).toBeNull();
  });
});

describe('the listed word that decided', () => {
  const word = '紫葡萄';
  const ofWords = async (tenant: TestTenant): Promise<Record<string, unknown>> =>
    (await eventually(() => verdictsOf(tenant, 'layer=local&action=block'), ({ body }) => (body.data as unknown[]).length > 0)).body.data[0] as Record<string, unknown>;

  it('is sealed where the texts are, and shown to staff only', async () => {
    const user = await someone();
    await setPolicy(user.tenant, { seal_texts: true });
    await listWords(platform, staff, user.tenant, [{ text: word }]);
    await moderate(user, `买${word}`);
    const row = await ofWords(user.tenant);
    expect(row.hit).toBe(word);
    expect((await platform.api.ok('GET', `/admin/v1/tenants/${user.tenant.id}/moderation/verdicts/${row.id as string}`, { token: staff })).hit).toBe(word);
    const kept = await platform.sql<{ hit: string | null; hit_sealed: string }>(`SELECT * FROM verdicts WHERE tenant_id = $1 AND layer = 'local'`, [user.tenant.id]);
    expect([JSON.stringify(kept).includes(word), kept[0]?.hit, kept[0]?.hit_sealed.startsWith('v1.')]).toEqual([false, null, true]);
  });

  it('opens in its own row and column only', async () => {
    const [one, other] = [await someone(), await someone()];
    for (const { tenant } of [one, other]) {
      await setPolicy(tenant, { seal_texts: true });
      await listWords(platform, staff, tenant, [{ text: word }]);
    }
    for (const user of [one, other]) await moderate(user, `买${word}`);
    const [row, stranger] = [await ofWords(one.tenant), await ofWords(other.tenant)];
    await platform.sql('UPDATE verdicts SET hit_sealed = (SELECT hit_sealed FROM verdicts WHERE id = $1) WHERE id = $2', [stranger.id, row.id]);
    await platform.sql('UPDATE verdicts SET hit_sealed = text_sealed WHERE id = $1', [stranger.id]);
    expect([(await ofWords(one.tenant)).hit, (await ofWords(other.tenant)).hit]).toEqual([null, null]);
  });

  it('is sealed anew when the master key is rotated, and for the first time where an earlier release wrote it in clear', async () => {
    const env = { ...platform.environment(), MASTER_KEY_2: Buffer.alloc(32, 9).toString('base64') };
    await platform.sql('UPDATE verdicts SET text_sealed = NULL, hit_sealed = NULL');
    const user = await someone();
    await setPolicy(user.tenant, { seal_texts: true });
    await listWords(platform, staff, user.tenant, [{ text: word }]);
    await moderate(user, [`买${word}`, `吃${word}`]);
    const rows = await eventually(() => verdictsOf(user.tenant, 'layer=local'), ({ body }) => (body.data as unknown[]).length === 2);
    await platform.sql('UPDATE verdicts SET hit_sealed = NULL, hit = $1 WHERE id = $2', [word, rows.body.data[0].id]);
    expect((await runCommand('rotate-keys', env)).code).toBe(0);
    const kept = await platform.sql<{ hit: string | null; hit_sealed: string }>('SELECT hit, hit_sealed FROM verdicts WHERE hit IS NOT NULL OR hit_sealed IS NOT NULL');
    expect(kept.filter(({ hit }) => hit === null).map(({ hit_sealed }) => hit_sealed.slice(0, 3))).toEqual(['v2.', 'v2.']);
    const node = await platform.spawn('api', { MASTER_KEY_2: env.MASTER_KEY_2 });
    const read = await node.api.ok('GET', `/admin/v1/tenants/${user.tenant.id}/moderation/verdicts?layer=local`, { token: staff });
    expect((read.data as { hit: string }[]).map(({ hit }) => hit)).toEqual([word, word]);
  });
});

describe('the rotation of the master key', () => {
  it('seals the log\'s texts anew, and they open as before on nodes that have the new key', async () => {
    const env = { ...platform.environment(), MASTER_KEY_2: Buffer.alloc(32, 9).toString('base64') };
    const user = await someone();
    await platform.sql('UPDATE verdicts SET text_sealed = NULL');
    await setPolicy(user.tenant, { seal_texts: true });
    const texts = ['一', '二', '三'].map((text) => `违禁${text} ${randomUUID()}`);
    await moderate(user, texts);
    const rows = await logged(user.tenant, 3);
    expect((await runCommand('rotate-keys', env)).code).toBe(0);
    const kept = await platform.sql<{ text_sealed: string }>('SELECT text_sealed FROM verdicts WHERE text_sealed IS NOT NULL');
    expect(kept.map(({ text_sealed }) => text_sealed.slice(0, 3))).toEqual(['v2.', 'v2.', 'v2.']);
    expect((await runCommand('rotate-keys', env)).output).toContain(' 0 sealed anew');
    const node = await platform.spawn('api', { MASTER_KEY_2: env.MASTER_KEY_2 });
    const read = await Promise.all(rows.map(({ id }) => node.api.ok('GET', `/admin/v1/tenants/${user.tenant.id}/moderation/verdicts/${String(id)}`, { token: staff })));
    expect(read.map(({ text }) => String(text)).sort()).toEqual([...texts].sort());
  });
});

describe('staff', () => {
  it('are made by admins, have a role each, and go when they are disabled', async () => {
    const { id, token } = await moderator();
    const list = (await platform.api.ok('GET', '/admin/v1/staff', { token: staff })).data as { id: string; role: string; disabled: boolean }[];
    expect(list[0]).toMatchObject({ email: 'admin@example.com', role: 'platform_admin', disabled: false });
    expect(list.find((each) => each.id === id)).toMatchObject({ role: 'moderator', disabled: false });
    for (const path of ['/admin/v1/staff', '/admin/v1/tenants', '/admin/v1/models']) expect([path, (await platform.api.call('GET', path, { token })).status]).toEqual([path, 403]);
    expect((await platform.api.call('POST', '/admin/v1/staff', { token, body: { email: 'x@example.com', password: 'long enough', role: 'platform_admin' } })).status).toBe(403);
    const twice = await platform.api.call('POST', '/admin/v1/staff', { token: staff, body: { email: 'ADMIN@example.com', password: 'long enough', role: 'moderator' } });
    expect([twice.status, twice.body.error.param]).toEqual([409, 'email']);
    expect((await platform.api.call('POST', `/admin/v1/staff/${list[0]?.id ?? ''}/disable`, { token: staff })).status).toBe(409);
    expect((await platform.api.ok('POST', `/admin/v1/staff/${id}/disable`, { token: staff })).disabled).toBe(true);
    expect((await platform.api.call('GET', `/admin/v1/tenants/${randomUUID()}/moderation/verdicts`, { token })).status).toBe(401);
    expect((await platform.api.call('POST', `/admin/v1/staff/${randomUUID()}/disable`, { token: staff })).status).toBe(404);
  });
});
