import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform, type Node } from '../kit/platform.js';

let platform: Platform;
let edge: Node;
let staff: string;

beforeAll(async () => {
  platform = await Platform.start();
  edge = await platform.spawn('api');
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

const path = (tenant: TestTenant): string => `/admin/v1/tenants/${tenant.id}/moderation/policy`;
const read = (tenant: TestTenant) => platform.api.ok('GET', path(tenant), { token: staff });
const patch = (tenant: TestTenant, body: object) => platform.api.call('PATCH', path(tenant), { token: staff, body });
const flagged = async (node: Node, user: TestUser, text: string): Promise<boolean> => (await node.api.ok('POST', '/v1/moderations', { token: user.token, body: { input: text } })).results[0].flagged as boolean;

describe('a moderation policy', () => {
  it('is the default until something is set, and again when that is taken back', async () => {
    const tenant = await makeTenant(platform, staff);
    const before = await read(tenant);
    expect(before).toMatchObject({
      version: 0, own: {}, updated_at: null, seal_texts: false, retention_days: 183, thresholds: { default: 0.7, 'sexual/minors': 0.2 },
      input: { local: { mode: 'on' }, wechat: { mode: 'on', on_failure: 'open', deadline_ms: 1_500, on_review: 'review' }, order: 'beside', instead_of_wechat: 'openai' },
      output: { gate: 'swift', charge: 'nothing', withhold_code_on: [], openai: { mode: 'off' } },
      texts: { local: '内容包含违规信息', wechat: '请修改您的提问', openai: '提问涉及敏感话题' },
    });
    const change = { input: { wechat: { mode: 'shadow', deadline_ms: 800 } }, output: { withhold_code_on: ['ios'] }, thresholds: { hate: 0.5 }, texts: { local: '不行' }, seal_texts: true };
    const changed = (await patch(tenant, change)).body;
    expect(changed).toMatchObject({ ...change, version: 1, own: change, input: { wechat: { mode: 'shadow', deadline_ms: 800, on_failure: 'open' } }, thresholds: { default: 0.7, hate: 0.5 } });
    expect(changed.own).toEqual(change);
    expect(changed.updated_at).toMatch(/^\d{4}-.*Z$/);
    expect(await read(tenant)).toEqual(changed);
    const partly = (await patch(tenant, { input: { wechat: { mode: null } }, thresholds: { hate: null }, texts: null })).body;
    expect(partly).toMatchObject({ version: 2, own: { input: { wechat: { deadline_ms: 800 } }, output: { withhold_code_on: ['ios'] }, seal_texts: true } });
    expect([partly.own.thresholds, partly.own.texts, partly.texts.local]).toEqual([undefined, undefined, '内容包含违规信息']);
    const after = (await patch(tenant, { input: null, output: null, seal_texts: null })).body;
    expect({ ...after, version: 0, updated_at: null }).toEqual(before);
  });

  it('holds on every node within a second', async () => {
    const tenant = await makeTenant(platform, staff);
    const user = await logIn(platform, tenant);
    const text = `违禁 ${randomUUID()}`;
    expect(await Promise.all([platform.node, edge].map((node) => flagged(node, user, text)))).toEqual([true, true]);
    await patch(tenant, { thresholds: { illicit: 1 } });
    await Promise.all([platform.node, edge].map((node) => eventually(() => flagged(node, user, text), (is) => !is, 1_000)));
    await patch(tenant, { thresholds: { illicit: 0.98 } });
    await Promise.all([platform.node, edge].map((node) => eventually(() => flagged(node, user, text), (is) => is, 1_000)));
  });

  it('is changed from the version that it was read at, where one is given; nothing new makes no version', async () => {
    const tenant = await makeTenant(platform, staff);
    const outcomes = await Promise.all(['不', '行', '可'].map((local) => patch(tenant, { version: 0, texts: { local } })));
    expect(outcomes.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(outcomes.find(({ status }) => status === 409)?.body.error).toMatchObject({ code: 'conflict', param: 'version' });
    const winner = await read(tenant);
    expect(winner.version).toBe(1);
    expect((await patch(tenant, { version: 1, texts: { local: winner.texts.local as string } })).body.version).toBe(1);
    expect((await patch(tenant, {})).body.version).toBe(1);
    expect(await platform.sql('SELECT action, note, staff_id IS NOT NULL AS staff FROM staff_actions WHERE tenant_id = $1', [tenant.id])).toEqual([{ action: 'policy.change', note: 'version 1: texts', staff: true }]);
    await Promise.all(Array.from({ length: 10 }, (_, n) => patch(tenant, { input: { wechat: { deadline_ms: 100 + n } } })));
    expect((await read(tenant)).version).toBe(11);
  });

  it.each([
    [{ input: { wechat: { mode: 'maybe' } } }, 'input.wechat.mode'],
    [{ input: { wechat: { deadline_ms: 10 } } }, 'input.wechat.deadline_ms'],
    [{ input: { openai: { deadline_ms: 1.5 } } }, 'input.openai.deadline_ms'],
    [{ input: { local: { mode: 'on', deadline_ms: 100 } } }, 'input.local.deadline_ms'],
    [{ input: { order: 'after' } }, 'input.order'],
    [{ input: [] }, 'input'],
    [{ input: { wechat: 'on' } }, 'input.wechat'],
    [{ output: { openai: { on_review: 1 } } }, 'output.openai.on_review'],
    [{ output: { withhold_code_on: ['ios', 'nokia'] } }, 'output.withhold_code_on'],
    [{ output: { order: 'before' } }, 'output.order'],
    [{ thresholds: { hate: 2 } }, 'thresholds.hate'],
    [{ thresholds: { 'sexual/minors': '0.5' } }, 'thresholds.sexual/minors'],
    [{ thresholds: { 'a b': 0.5 } }, 'thresholds.a?b'],
    [{ thresholds: [0.5] }, 'thresholds'],
    [{ texts: { local: ' ' } }, 'texts.local'],
    [{ texts: { local: 'x'.repeat(201) } }, 'texts.local'],
    [{ retention_days: 182 }, 'retention_days'],
    [{ seal_texts: 'yes' }, 'seal_texts'],
    [{ version: -1 }, 'version'],
    [{ own: {} }, 'own'],
    [{ sealTexts: true }, 'sealTexts'],
  ])('refuses %j and names the field', async (body, param) => {
    const tenant = await makeTenant(platform, staff);
    const answer = await patch(tenant, body);
    expect([answer.status, answer.body.error.code, answer.body.error.param]).toEqual([400, 'invalid_request', param]);
    expect((await read(tenant)).version).toBe(0);
  });

  it('is the platform admins\' business, tenant by tenant', async () => {
    const tenant = await makeTenant(platform, staff);
    const other = await makeTenant(platform, staff);
    await patch(tenant, { texts: { local: '仅此一家' } });
    expect((await read(other)).texts.local).toBe('内容包含违规信息');
    const user = await logIn(platform, tenant);
    expect((await platform.api.call('GET', path(tenant), { token: user.token })).status).toBe(401);
    const email = `${randomUUID()}@example.com`;
    await platform.api.ok('POST', '/admin/v1/staff', { token: staff, body: { email, password: 'long enough', role: 'moderator' } });
    const { access_token: moderator } = await platform.api.ok('POST', '/admin/v1/auth/login', { body: { email, password: 'long enough' } });
    expect((await platform.api.call('GET', path(tenant), { token: moderator })).status).toBe(403);
    expect((await platform.api.call('GET', `/admin/v1/tenants/${randomUUID()}/moderation/policy`, { token: staff })).status).toBe(404);
  });
});
