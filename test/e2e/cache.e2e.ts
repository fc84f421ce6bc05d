import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askedUpstream, complete, pricedTenant, say, storedCost, told, usageOf, words } from '../kit/asking.js';
import { runCommand } from '../kit/commands.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeApiKey, makeConversation, type TestTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { Platform, type Node } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { banUser } from '../kit/staff.js';
import { scripted } from '../kit/upstream-script.js';

/** Started with two nodes: the first is everything, the second an api node, whose hits are served without a worker. */
let platform: Platform;
let edge: Node;
let staff: string;
let next = 0;

beforeAll(async () => {
  platform = await Platform.start();
  edge = await platform.spawn('api');
  staff = await admin(platform);
});
afterAll(async () => {
  const { code, output } = await runCommand('audit', { DATABASE_URL: platform.databaseUrl, MASTER_KEY: platform.servers.masterKey });
  await platform.stop();
  expect([code, output]).toEqual([0, expect.stringContaining('everything adds up')]);
});

const tenantWith = (settings: object = {}): Promise<TestTenant> => pricedTenant(platform, staff, { response_cache_seconds: 3_600, ...settings });
const someone = async (tenant: TestTenant): Promise<TestUser> => logIn(platform, tenant, `cached-${(next += 1)}`);
const asked = (content: string): Promise<number> => askedUpstream(platform, content);
const usage = (user: TestUser) => usageOf(platform, user);

describe('a request at temperature 0', () => {
  it('is answered once by a model and then from the store, at the price of cached input, and shown as cached', async () => {
    const user = await someone(await tenantWith());
    const question = scripted({ tokens: 12 });
    const first = await complete(platform.api, user, question);
    const second = await complete(platform.api, user, `${question} \n`);
    expect([told(first), told(second), await asked(question)]).toEqual([[200, 'miss'], [200, 'hit'], 1]);
    expect(words(second)).toBe(words(first));
    const { prompt_tokens: prompt, completion_tokens: completion } = second.body.usage;
    expect(second.body.usage.prompt_tokens_details).toEqual({ cached_tokens: prompt });
    expect([completion, first.body.usage.prompt_tokens_details]).toEqual([first.body.usage.completion_tokens, undefined]);
    const [hit, miss] = await usage(user);
    expect(hit).toMatchObject({ prompt_tokens: prompt, cached_tokens: prompt, completion_tokens: completion, credits: storedCost(second.body.usage) });
    expect(miss).toMatchObject({ cached_tokens: 0, credits: Math.ceil(((miss?.prompt_tokens ?? 0) * 1_000 + completion * 10_000) / 1_000) });
    expect(await platform.sql('SELECT usage_source FROM runs WHERE user_id = $1 ORDER BY id', [user.id])).toEqual([{ usage_source: 'upstream' }, { usage_source: 'cache' }]);
  });

  it('streams its stored answer like any other, on a node without a worker, and may be read again', async () => {
    const user = await someone(await tenantWith());
    const question = scripted({ text: '这是同一个回答。' });
    await complete(platform.api, user, question);
    const body = { model: 'sim-chat', temperature: 0, stream: true, stream_options: { include_usage: true }, messages: [{ role: 'user', content: question }] };
    const stream = await edge.api.stream('POST', '/v1/chat/completions', { token: user.token, body });
    const chunks = (await stream.all()).map((event) => event.data).filter((data): data is { choices: { delta: { content?: string }; finish_reason: string | null }[]; usage: { prompt_tokens: number; prompt_tokens_details?: { cached_tokens: number } } | null } => typeof data === 'object');
    expect([stream.headers.get('x-cache'), chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.delta.content ?? '')).join('')]).toEqual(['hit', '这是同一个回答。']);
    expect(chunks.flatMap((chunk) => chunk.choices.map((choice) => choice.finish_reason)).at(-1)).toBe('stop');
    const used = chunks.at(-1)?.usage;
    expect(used?.prompt_tokens_details?.cached_tokens).toBe(used?.prompt_tokens);
    const again = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse`, { token: user.token });
    expect((await again.all()).some(({ event, data }) => event === 'delta' && (data as { content: string }).content === '这是同一个回答。')).toBe(true);
    expect(await asked(question)).toBe(1);
  });

  it('of an API key finds what the same user asked before, and keeps its Idempotency-Key', async () => {
    const user = await someone(await tenantWith());
    const key = { ...user, token: await makeApiKey(platform, user) };
    const question = scripted({ tokens: 3 });
    await complete(platform.api, user, question);
    const [one, two] = [await complete(platform.api, key, question, {}, { 'idempotency-key': 'k' }), await complete(platform.api, key, question, {}, { 'idempotency-key': 'k' })];
    expect([told(one), two.status, two.body.id, (await usage(user)).length]).toEqual([[200, 'hit'], 200, one.body.id, 2]);
  });

  it('is asked of a model again when the life of its answer is over', async () => {
    const user = await someone(await tenantWith({ response_cache_seconds: 1 }));
    const question = scripted({ tokens: 3 });
    expect(told(await complete(platform.api, user, question))).toEqual([200, 'miss']);
    await eventually(() => complete(platform.api, user, question), (answer) => answer.headers.get('x-cache') === 'miss');
    expect(await asked(question)).toBe(2);
  });

  it.each([
    ['another bound', { max_tokens: 77 }, {}, 'miss'],
    ['a seed', { seed: 7 }, {}, 'miss'],
    ['a temperature', { temperature: 0.3 }, {}, 'bypass'],
    ['a wish for none', {}, { 'x-cache': 'bypass' }, 'bypass'],
    ['no-store', {}, { 'cache-control': 'no-store' }, 'bypass'],
    ['a mark at a temperature', { temperature: 0.3 }, { 'x-cache': 'allow' }, 'miss'],
  ] as const)('with %s is another request', async (_, more, headers, result) => {
    const user = await someone(await tenantWith());
    const question = scripted({ tokens: 3 });
    await complete(platform.api, user, question);
    expect([told(await complete(platform.api, user, question, more, headers)), await asked(question)]).toEqual([[200, result], 2]);
    expect(told(await complete(platform.api, user, question, more, headers))).toEqual([200, result === 'miss' ? 'hit' : 'bypass']);
  });

  it('is charged by what the upstream says that it took from its own cache, and shows it', async () => {
    const user = await someone(await tenantWith({ response_cache_seconds: 0 }));
    const answer = await complete(platform.api, user, scripted({ tokens: 4, usage: { raw: { prompt_tokens: 60, completion_tokens: 4, total_tokens: 64, prompt_tokens_details: { cached_tokens: 40 } } } }));
    expect([told(answer), answer.body.usage.prompt_tokens_details]).toEqual([[200, 'bypass'], { cached_tokens: 40 }]);
    expect((await usage(user))[0]).toMatchObject({ prompt_tokens: 60, cached_tokens: 40, credits: (20 * 1_000 + 40 * 100 + 4 * 10_000) / 1_000 });
  });

  it('refuses another X-Cache by name', async () => {
    const answer = await complete(platform.api, await someone(await tenantWith()), 'x', {}, { 'x-cache': 'please' });
    expect([answer.status, answer.body.error.param]).toEqual([400, 'X-Cache']);
  });

  it.each([
    ['was cut at its bound', { tokens: 30 }, { max_tokens: 5 }, 200],
    ['was refused for its content', { text: '不行', finishReason: 'content_filter' }, {}, undefined],
    ['broke', { tokens: 20, reset: 'mid', afterTokens: 3 }, {}, 502],
  ])('is not stored when it %s', async (_, behaviour, more, status) => {
    const user = await someone(await tenantWith());
    const question = scripted(behaviour);
    const first = await complete(platform.api, user, question, more);
    if (status !== undefined) expect(first.status).toBe(status);
    const before = await asked(question);
    const second = await complete(platform.api, user, question, more);
    expect([second.headers.get('x-cache') === 'hit', (await asked(question)) > before]).toEqual([false, true]);
  });

  it('is not looked for where the tenant did not say so, or not for this model', async () => {
    for (const settings of [{ response_cache_seconds: 0 }, { response_cache_models: ['sim-small'] }]) {
      const user = await someone(await tenantWith(settings));
      const question = scripted({ tokens: 3 });
      expect([told(await complete(platform.api, user, question)), told(await complete(platform.api, user, question)), await asked(question)]).toEqual([[200, 'bypass'], [200, 'bypass'], 2]);
    }
  });

  it('is cut by a balance that does not afford the stored answer, as without a store', async () => {
    const tenant = await tenantWith({ response_cache_scope: 'tenant', signup_credits: 600, minimum_answer_tokens: 5 });
    const rich = await someone(tenant);
    const question = scripted({ tokens: 40 }, 'x');
    await complete(platform.api, rich, question);
    const poor = await someone(tenant);
    await complete(platform.api, poor, scripted({ tokens: 30 }, 'x'), { max_tokens: 30 });
    const answer = await complete(platform.api, poor, question);
    expect([told(answer), answer.body.choices?.[0].finish_reason]).toEqual([[200, 'miss'], 'length']);
  });
});

describe('a stored answer', () => {
  it('of scope user never serves another user', async () => {
    const tenant = await tenantWith();
    const [one, other] = [await someone(tenant), await someone(tenant)];
    const question = scripted({ tokens: 3 });
    await complete(platform.api, one, question);
    expect([told(await complete(platform.api, other, question)), await asked(question)]).toEqual([[200, 'miss'], 2]);
  });

  it('of scope tenant serves its users, and never another tenant', async () => {
    const [tenant, foreign] = [await tenantWith({ response_cache_scope: 'tenant' }), await tenantWith({ response_cache_scope: 'tenant' })];
    const question = scripted({ tokens: 3 });
    await complete(platform.api, await someone(tenant), question);
    expect(told(await complete(platform.api, await someone(tenant), question))).toEqual([200, 'hit']);
    expect([told(await complete(platform.api, await someone(foreign), question)), await asked(question)]).toEqual([[200, 'miss'], 2]);
  });

  it('serves neither a banned user nor a suspended tenant', async () => {
    const tenant = await tenantWith({ response_cache_scope: 'tenant' });
    const [one, banned] = [await someone(tenant), await someone(tenant)];
    const question = scripted({ tokens: 3 });
    await complete(platform.api, one, question);
    await banUser(platform, staff, tenant.id, banned.id);
    expect((await complete(platform.api, banned, question)).body.error.code).toBe('user_banned');
    await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/suspend`, { token: staff });
    expect((await complete(platform.api, one, question)).body.error.code).toBe('tenant_suspended');
  });

  it('of a user who erased the account is out of reach: whoever comes back is another user', async () => {
    const tenant = await tenantWith();
    const user = await logIn(platform, tenant, 'leaver');
    const question = scripted({ tokens: 3 });
    await complete(platform.api, user, question);
    expect((await platform.api.call('DELETE', '/v1/me', { token: user.token })).status).toBeLessThan(300);
    const back = await logIn(platform, tenant, 'leaver');
    expect([back.id === user.id, told(await complete(platform.api, back, question))]).toEqual([false, [200, 'miss']]);
  });
});

describe('the first question of a chat', () => {
  it('is served from the store where the tenant lets chats be, with history, money and title as ever', async () => {
    const tenant = await tenantWith({ response_cache_scope: 'tenant', response_cache_chats: true });
    const [one, other] = [await someone(tenant), await someone(tenant)];
    const question = scripted({ text: '同一个答案。' });
    const first = await say(platform.api, one, question);
    const second = await say(platform.api, other, question);
    expect([first.cache, second.cache, second.text, await asked(question)]).toEqual(['miss', 'hit', '同一个答案。', 1]);
    expect(second.last.usage.prompt_tokens_details).toEqual({ cached_tokens: second.last.usage.prompt_tokens });
    const { data } = await platform.api.ok('GET', `/v1/conversations/${second.conversation}/messages`, { token: other.token });
    expect(data.map((message: { content: string; state: string }) => [message.content, message.state])).toEqual([['同一个答案。', 'complete'], [question, 'complete']]);
    // What follows is a conversation like any other.
    const later = await say(platform.api, other, scripted({ tokens: 2 }), second.conversation);
    expect(later.cache).toBe('bypass');
    const { data: after } = await platform.api.ok('GET', `/v1/conversations/${second.conversation}/messages`, { token: other.token });
    const again = await platform.api.stream('POST', `/v1/messages/${after[0].id}/regenerate?format=sse`, { token: other.token });
    await again.all();
    expect(again.headers.get('x-cache')).toBe('bypass');
  });

  it('is asked of a model where chats are not let, and where the user has a prompt of their own', async () => {
    const question = scripted({ tokens: 3 });
    const shy = await someone(await tenantWith());
    expect([(await say(platform.api, shy, question)).cache, (await say(platform.api, shy, question)).cache]).toEqual(['bypass', 'bypass']);
    const own = await someone(await tenantWith({ response_cache_chats: true }));
    const conversation = await makeConversation(platform.api, own, { system_prompt: '只用英文回答' });
    expect((await say(platform.api, own, question, conversation)).cache).toBe('bypass');
  });
});

describe('identical requests at the same moment', () => {
  it('ask the model once: ten at once, on two nodes', async () => {
    const tenant = await tenantWith({ response_cache_scope: 'tenant' });
    const users = await Promise.all(Array.from({ length: 10 }, () => someone(tenant)));
    const question = scripted({ tokens: 10, firstTokenMs: 600 });
    const answers = await Promise.all(users.map((user, at) => complete(at % 2 === 0 ? platform.api : edge.api, user, question)));
    expect([new Set(answers.map((answer) => answer.status)), new Set(answers.map(words)).size, await asked(question)]).toEqual([new Set([200]), 1, 1]);
    expect(answers.filter((answer) => answer.headers.get('x-cache') === 'miss')).toHaveLength(1);
    const rows = await Promise.all(users.map(async (user) => (await usage(user))[0]));
    expect(rows.filter((row) => row?.cached_tokens === row?.prompt_tokens)).toHaveLength(9);
  });

  it('ask it once more, not each for itself, when the first of them is stopped', async () => {
    const tenant = await tenantWith({ response_cache_scope: 'tenant', response_cache_chats: true });
    const [leader, ...users] = await Promise.all(Array.from({ length: 11 }, () => someone(tenant))) as [TestUser, ...TestUser[]];
    const question = scripted({ text: '轮到下一个。', firstTokenMs: 2_000 });
    const conversation = await makeConversation(platform.api, leader);
    const leading = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: leader.token, body: { content: question } });
    await eventually(() => asked(question), (count) => count === 1);
    const waiting = await Promise.all(users.map(async (user, at) => (at % 2 === 0 ? platform.api : edge.api).stream('POST', `/v1/conversations/${await makeConversation(platform.api, user)}/messages?format=sse`, { token: user.token, body: { content: question } })));
    await Promise.all(waiting.map((stream) => stream.until(({ event }) => event === 'started')));
    await platform.api.ok('POST', `/v1/runs/${leading.runId}/stop`, { token: leader.token });
    const answers = await Promise.all(waiting.map((stream) => stream.all()));
    expect([new Set(answers.map(wordsOf)), await asked(question)]).toEqual([new Set(['轮到下一个。']), 2]);
  });

  it('ask it once more when the first of them fails', async () => {
    const tenant = await tenantWith({ response_cache_scope: 'tenant' });
    const users = await Promise.all(Array.from({ length: 5 }, () => someone(tenant)));
    const question = scripted({ text: '终于成功。', firstTokenMs: 300, status: 400, failTimes: 1 });
    const answers = await Promise.all(users.map((user) => complete(platform.api, user, question)));
    const good = answers.filter((answer) => answer.status === 200);
    expect([good.length, new Set(good.map(words)), await asked(question)]).toEqual([4, new Set(['终于成功。']), 2]);
    expect(told(await complete(platform.api, users[0] as TestUser, question))).toEqual([200, 'hit']);
  });

  it('can be stopped while they wait, and cost nothing then', async () => {
    const tenant = await tenantWith({ response_cache_scope: 'tenant', response_cache_chats: true });
    const [leader, follower] = [await someone(tenant), await someone(tenant)];
    const question = scripted({ tokens: 10, firstTokenMs: 3_000 });
    const leading = say(platform.api, leader, question);
    await eventually(() => asked(question), (count) => count === 1);
    const conversation = await makeConversation(platform.api, follower);
    const waiting = await edge.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: follower.token, body: { content: question } });
    await waiting.until(({ event }) => event === 'started');
    await platform.api.ok('POST', `/v1/runs/${waiting.runId}/stop`, { token: follower.token });
    const end = (await waiting.all()).at(-1);
    expect(end).toMatchObject({ event: 'done', data: { finish_reason: 'stopped', credits: 0 } });
    await leading;
    expect(await asked(question)).toBe(1);
  });

  it('are handed over when the node where they wait goes down', async () => {
    const tenant = await tenantWith({ response_cache_scope: 'tenant', response_cache_chats: true });
    const [leader, follower] = [await someone(tenant), await someone(tenant)];
    const question = scripted({ text: '还是来了。', firstTokenMs: 8_000 });
    const leading = say(platform.api, leader, question);
    await eventually(() => asked(question), (count) => count === 1);
    const node = await platform.spawn('api');
    const conversation = await makeConversation(platform.api, follower);
    const waiting = await node.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: follower.token, body: { content: question } });
    await waiting.until(({ event }) => event === 'started');
    const { runId } = waiting;
    const stopped = node.stop();
    const rest = await (await platform.api.stream('GET', `/v1/runs/${runId}/stream?format=sse`, { token: follower.token })).all();
    expect(rest.at(-1)).toMatchObject({ event: 'done', data: { finish_reason: 'stop' } });
    await Promise.all([leading, stopped]);
    expect(await asked(question)).toBe(2);
  });
});

it('tells what became of requests as a metric', async () => {
  for (const result of ['hit', 'shared', 'miss', 'bypass']) {
    const counts = await Promise.all([platform, edge].map((node) => metricOf(node, 'bailiao_response_cache_total', { result })));
    expect(Math.max(...counts.map((count) => count ?? 0))).toBeGreaterThan(0);
  }
});
