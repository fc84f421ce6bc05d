import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complete, pricedTenant, say, storedCost, told, usageOf, words } from '../kit/asking.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, type TestTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { Platform, type Node } from '../kit/platform.js';
import { scripted } from '../kit/upstream-script.js';

let platform: Platform;
let edge: Node;
let staff: string;
let next = 0;

beforeAll(async () => {
  platform = await Platform.start();
  edge = await platform.spawn('api');
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

/** Nothing is stored in it: ready answers need no store. */
const tenantWith = (settings: object = {}): Promise<TestTenant> => pricedTenant(platform, staff, { response_cache_seconds: 0, ...settings });
const someone = async (tenant: TestTenant): Promise<TestUser> => logIn(platform, tenant, `ready-${(next += 1)}`);

describe('ready answers', () => {
  const path = (tenant: TestTenant): string => `/admin/v1/tenants/${tenant.id}/ready-answers`;
  const put = (tenant: TestTenant, body: object) => platform.api.ok('POST', path(tenant), { token: staff, body });

  it('are given on every node within a second of their writing, changing and removal', async () => {
    const tenant = await tenantWith();
    const user = await someone(tenant);
    const question = scripted({ tokens: 1 }, '怎么充值');
    await Promise.all([complete(platform.api, user, question), complete(edge.api, user, question)]);
    const made = await put(tenant, { question: `${question}？`, answer: '在“我的”页点“充值”。' });
    const spelt = ` ${question.replace(' ', '   ')}?！ `;
    const hits = (api: typeof edge.api, text: string) => eventually(() => complete(api, user, spelt, { temperature: 1 }), (answer) => words(answer) === text, 1_000);
    await Promise.all([hits(platform.api, made.answer as string), hits(edge.api, made.answer as string)]);
    await platform.api.ok('PUT', `${path(tenant)}/${made.id}`, { token: staff, body: { question, answer: '请联系客服。' } });
    const [answer] = await Promise.all([hits(edge.api, '请联系客服。'), hits(platform.api, '请联系客服。')]);
    expect(told(answer)).toEqual([200, 'hit']);
    const { prompt_tokens: prompt, completion_tokens: completion } = answer.body.usage;
    expect(answer.body.usage.prompt_tokens_details).toEqual({ cached_tokens: prompt });
    expect((await usageOf(platform, user))[0]).toMatchObject({ cached_tokens: prompt, credits: storedCost(answer.body.usage) });
    expect([completion > 2, completion < 20]).toEqual([true, true]);
    await platform.api.ok('DELETE', `${path(tenant)}/${made.id}`, { token: staff });
    await eventually(() => complete(edge.api, user, spelt), ({ headers }) => headers.get('x-cache') === 'bypass', 1_000);
  });

  it('answer chats, by the model and the tenant that they are for', async () => {
    const tenant = await tenantWith({ system_prompt: '你是客服' });
    const user = await someone(tenant);
    const [hours, place] = [scripted({ tokens: 1 }, '营业时间'), scripted({ tokens: 1 }, '地址')];
    await put(tenant, { question: hours, answer: '全天。' });
    await put(tenant, { question: hours, answer: '小模型也是全天。', model: 'sim-small' });
    await put(tenant, { question: place, answer: '不给。', enabled: false });
    const first = await say(edge.api, user, `${hours}？`);
    expect([first.cache, first.text]).toEqual(['hit', '全天。']);
    expect((await say(platform.api, user, `${hours}？`, first.conversation)).cache).toBe('bypass');
    expect((await say(platform.api, user, `${hours}？`, undefined, { 'x-cache': 'bypass' })).cache).toBe('bypass');
    expect((await say(platform.api, user, place)).cache).toBe('bypass');
    expect((await say(platform.api, user, hours, await makeConversation(platform.api, user, { model: 'sim-small' }))).text).toBe('小模型也是全天。');
    expect((await say(platform.api, user, hours, await makeConversation(platform.api, user, { system_prompt: '用英文' }))).cache).toBe('bypass');
    const stranger = await someone(await tenantWith());
    expect((await say(platform.api, stranger, hours)).cache).toBe('bypass');
  });

  it('are kept by staff, page by page, one for each question and model', async () => {
    const tenant = await tenantWith();
    for (const question of ['一', '二', '三']) await put(tenant, { question, answer: question });
    const page = await platform.api.ok('GET', `${path(tenant)}?limit=2`, { token: staff });
    const rest = await platform.api.ok('GET', `${path(tenant)}?limit=2&cursor=${encodeURIComponent(page.next_cursor as string)}`, { token: staff });
    expect([...page.data, ...rest.data].map((row: { question: string; model: null; enabled: boolean }) => [row.question, row.model, row.enabled])).toEqual([['三', null, true], ['二', null, true], ['一', null, true]]);
    const refused = async (body: object) => {
      const { status, body: answer } = await platform.api.post(path(tenant), { question: 'q', answer: 'a', ...body }, { token: staff });
      return [status, answer.error.param];
    };
    expect(await Promise.all([refused({ question: '一！' }), refused({ question: '？！' }), refused({ question: ' ' }), refused({ answer: '' }), refused({ answer: 'x'.repeat(4_001) }), refused({ model: '' }), refused({ enabled: 1 }), refused({ extra: 1 })])).toEqual([
      [409, 'question'], [400, 'question'], [400, 'question'], [400, 'answer'], [400, 'answer'], [400, 'model'], [400, 'enabled'], [400, 'extra'],
    ]);
    const other = await tenantWith();
    for (const [method, body] of [['GET', undefined], ['PUT', { question: 'q', answer: 'a' }], ['DELETE', undefined]] as const) {
      expect((await platform.api.call(method, `${path(other)}/${page.data[0].id}`, { token: staff, body })).status).toBe(404);
    }
    expect((await platform.api.ok('GET', `${path(tenant)}/${page.data[0].id}`, { token: staff })).question).toBe('三');
  });
});

it('count as ready in the metric', async () => {
  expect(await metricOf(edge, 'bailiao_response_cache_total', { result: 'ready' })).toBeGreaterThan(0);
});
