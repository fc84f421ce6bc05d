import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../kit/commands.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeApiKey, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { balanceOf } from '../kit/pay.js';
import { Platform } from '../kit/platform.js';
import { scripted, type Behaviour } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;
let next = 0;

beforeAll(async () => {
  platform = await Platform.start({ env: { UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '700', UPSTREAM_BETWEEN_TOKENS_TIMEOUT_MS: '500' } });
  staff = await admin(platform);
});
afterAll(async () => {
  const { code, output } = await runCommand('audit', { DATABASE_URL: platform.databaseUrl, MASTER_KEY: platform.servers.masterKey });
  await platform.stop();
  expect([code, output]).toEqual([0, expect.stringContaining('everything adds up')]);
});

/** One credit a token of the answer, nothing for the question: what is charged is what was written. */
const BY_THE_WORD = { model: '*', input_rate: 0, cached_input_rate: 0, output_rate: 1_000, reasoning_rate: 1_000 };
const setPrice = (tenant: TestTenant, prices: object) => platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/price-lists`, { token: staff, body: prices });

async function tenantWith(credits: number, settings: object = {}, prices: object = BY_THE_WORD): Promise<TestTenant> {
  const tenant = await makeTenant(platform, staff, { settings: { signup_credits: credits, minimum_answer_tokens: 10, ...settings } });
  await setPrice(tenant, prices);
  return tenant;
}
const someone = async (tenant: TestTenant): Promise<TestUser> => logIn(platform, tenant, `metered-${(next += 1)}`);
const usage = async (user: TestUser) => (await platform.api.ok('GET', '/v1/usage', { token: user.token })).data as { credits: number; completion_tokens: number; prompt_tokens: number; run_id: string }[];

/** Asks, reads to the end, and gives what the last event says. */
async function ask(user: TestUser, behaviour: Behaviour) {
  const conversation = await makeConversation(platform.api, user);
  const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted(behaviour) } });
  const events = await stream.all();
  const { data } = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
  return { conversation, last: events.at(-1), answer: data[0] as { id: string; content: string; state: string } };
}

describe('an answer', () => {
  it('costs what its tokens cost by the list in force, and says so at its end', async () => {
    const user = await someone(await tenantWith(1_000, { low_balance_credits: 990 }));
    const { last } = await ask(user, { tokens: 20 });
    expect(last).toMatchObject({ event: 'done', data: { credits: 20, balance: 980, low_balance: true, usage: { completion_tokens: 20 } } });
    expect(await usage(user)).toMatchObject([{ credits: 20, completion_tokens: 20 }]);
    expect(await platform.api.ok('GET', '/v1/wallet', { token: user.token })).toMatchObject({ balance: 980, held: 0, low_balance: true });
  });

  it('is priced by the list that held when it began', async () => {
    const tenant = await tenantWith(100_000);
    const user = await someone(tenant);
    await ask(user, { tokens: 5 });
    await setPrice(tenant, { ...BY_THE_WORD, output_rate: 7_000, minimum_charge: 50 });
    expect((await ask(user, { tokens: 5 })).last).toMatchObject({ data: { credits: 50 } });
    expect((await ask(user, { tokens: 10 })).last).toMatchObject({ data: { credits: 70 } });
    expect((await usage(user)).map((row) => row.credits)).toEqual([70, 50, 5]);
    const lists = (await platform.api.ok('GET', `/admin/v1/tenants/${tenant.id}/price-lists`, { token: staff })).data;
    expect(lists.map((list: { output_rate: number; created_by: string | null }) => [list.output_rate, list.created_by !== null])).toEqual([[7_000, true], [1_000, true], expect.anything()].slice(0, lists.length));
  });

  it.each([
    [{ input_rate: -1 }, 'input_rate'], [{ output_rate: 1.5 }, 'output_rate'], [{ output_rate: 1_000_000_001 }, 'output_rate'], [{ model: '' }, 'model'], [{ valid_from: '2020-01-01T00:00:00Z' }, 'valid_from'], [{ valid_from: 'now' }, 'valid_from'], [{ nonsense: 1 }, 'nonsense'],
  ])('is not priced by a list with %j', async (changed, param) => {
    const answer = await platform.api.post(`/admin/v1/tenants/${(await tenantWith(0)).id}/price-lists`, { ...BY_THE_WORD, ...changed }, { token: staff });
    expect([answer.status, answer.body.error.param]).toEqual([400, param]);
  });

  it.each([
    ['is not told', { usage: 'absent' }],
    ['is negative', { usage: { raw: { prompt_tokens: -5, completion_tokens: -20 } } }],
    ['is absurd', { usage: { prompt_tokens: 3, completion_tokens: 5_000_000 } }],
    ['is no number', { usage: { raw: { prompt_tokens: 'NaN', completion_tokens: 'many' } } }],
    ['is beyond 2^53', { usage: { raw: { prompt_tokens: 1, completion_tokens: 1e300 } } }],
    ['is a text', { usage: { raw: 'all of it' } }],
  ])('whose usage %s is counted here, and raises an alert', async (_, behaviour) => {
    const user = await someone(await tenantWith(100_000));
    const before = await rejected();
    await ask(user, { text: '这是一个测试回答。', ...behaviour });
    const [row] = await usage(user);
    expect(row?.completion_tokens).toBeGreaterThan(2);
    expect(row?.completion_tokens).toBeLessThan(20);
    expect([row?.credits, await balanceOf(platform, user)]).toEqual([row?.completion_tokens, 100_000 - (row?.completion_tokens ?? 0)]);
    expect(await rejected()).toBeGreaterThan(before);
  });

  it('that is stopped costs the words that were written, once', async () => {
    const user = await someone(await tenantWith(10_000));
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ tokens: 500, gapMs: 20 }) } });
    for (let deltas = 0; deltas < 5; deltas += 1) await stream.until((event) => event.event === 'delta');
    await Promise.all([1, 2, 3].map(() => platform.api.call('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token })));
    await stream.all();
    const [row] = await eventually(() => usage(user), (rows) => rows.length === 1);
    expect(row?.completion_tokens).toBeGreaterThanOrEqual(3);
    expect(row?.completion_tokens).toBeLessThan(200);
    expect([row?.credits, await balanceOf(platform, user)]).toEqual([row?.completion_tokens, 10_000 - (row?.completion_tokens ?? 0)]);
  });

  it('that the client left costs what was written, for it is there for him', async () => {
    const user = await someone(await tenantWith(10_000));
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ tokens: 40, gapMs: 5 }) } });
    await stream.until((event) => event.event === 'delta');
    stream.leave();
    const [row] = await eventually(() => usage(user), (rows) => rows.length === 1);
    expect([row?.credits, await balanceOf(platform, user)]).toEqual([40, 9_960]);
  });

  it('that breaks in the middle costs what came; one that never came costs nothing', async () => {
    const user = await someone(await tenantWith(10_000));
    await ask(user, { tokens: 50, gapMs: 5, reset: 'mid', afterTokens: 4 });
    const [row] = await usage(user);
    expect(row?.credits).toBeGreaterThan(0);
    expect(row?.credits).toBeLessThan(20);
    const left = await balanceOf(platform, user);
    expect(left).toBe(10_000 - (row?.credits ?? 0));
    await ask(user, { tokens: 5, status: 500 });
    expect([await balanceOf(platform, user), (await platform.api.ok('GET', '/v1/wallet', { token: user.token })).held]).toEqual([left, 0]);
  });

  it('that is made again is charged again', async () => {
    const user = await someone(await tenantWith(10_000));
    const { answer } = await ask(user, { tokens: 10 });
    await (await platform.api.stream('POST', `/v1/messages/${answer.id}/regenerate?format=sse`, { token: user.token })).all();
    expect((await usage(user)).map((row) => row.credits)).toEqual([10, 10]);
    expect(await balanceOf(platform, user)).toBe(9_980);
  });
});

describe('a wallet', () => {
  it('that affords seven serves exactly seven of 200 at once, and is exact', async () => {
    const tenant = await tenantWith(75);
    const user = await someone(tenant);
    const key = await makeApiKey(platform, user);
    const answers = await Promise.all(Array.from({ length: 200 }, () =>
      platform.api.post('/v1/chat/completions', { model: 'sim-chat', max_tokens: 10, messages: [{ role: 'user', content: scripted({ tokens: 10, firstTokenMs: 200 }) }] }, { token: key })));
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(7);
    const refused = answers.filter((answer) => answer.status !== 200);
    expect(new Set(refused.map((answer) => `${answer.status} ${answer.body.error.code} ${answer.body.error.details.needed}`))).toEqual(new Set(['402 insufficient_balance 10']));
    expect([await balanceOf(platform, user), (await usage(user)).map((row) => row.credits)]).toEqual([5, Array<number>(7).fill(10)]);
  });

  it('that affords less than the whole room gets a shorter answer, never below the minimum', async () => {
    const tenant = await tenantWith(30);
    const user = await someone(tenant);
    expect((await ask(user, { tokens: 400 })).last).toMatchObject({ data: { credits: 30, balance: 0, finish_reason: 'length' } });
    const conversation = await makeConversation(platform.api, user);
    const refused = await platform.api.post(`/v1/conversations/${conversation}/messages`, { content: 'x' }, { token: user.token });
    expect([refused.status, refused.body.error.details]).toEqual([402, { needed: 10, available: 0 }]);
  });

  it('gets its free credits once, however many requests are the first', async () => {
    const tenant = await tenantWith(1_000, { daily_free_credits: 300, signup_credits_days: 7 });
    const user = await someone(tenant);
    const key = await makeApiKey(platform, user);
    await Promise.all([
      ...Array.from({ length: 25 }, () => platform.api.post('/v1/chat/completions', { model: 'sim-chat', max_tokens: 10, messages: [{ role: 'user', content: scripted({ tokens: 1 }) }] }, { token: key })),
      ...Array.from({ length: 25 }, () => balanceOf(platform, user)),
    ]);
    const wallet = await platform.api.ok('GET', '/v1/wallet', { token: user.token });
    expect(wallet.balance).toBe(1_300 - 25);
    // What ends first is spent first: today's credits.
    expect(wallet.expiring.map((part: { credits: number }) => part.credits)).toEqual([275, 1_000]);
    const { data } = await platform.api.ok('GET', '/v1/wallet/transfers?limit=100', { token: user.token });
    expect(data.filter((row: { direction: string }) => row.direction === 'in').map((row: { reason: string; credits: number }) => `${row.reason} ${row.credits}`).sort()).toEqual(['daily 300', 'signup 1000']);
  });

  it('lists and exports the same, page by page', async () => {
    const user = await someone(await tenantWith(10_000));
    const key = await makeApiKey(platform, user);
    for (let at = 1; at <= 5; at += 1) await platform.api.ok('POST', '/v1/chat/completions', { token: key, body: { model: 'sim-chat', messages: [{ role: 'user', content: scripted({ tokens: at }) }] } });
    const pages: number[] = [];
    for (let cursor = ''; ;) {
      const page = await platform.api.ok('GET', `/v1/usage?limit=2${cursor}`, { token: user.token });
      pages.push(...page.data.map((row: { credits: number }) => row.credits));
      if (page.next_cursor === null) break;
      cursor = `&cursor=${encodeURIComponent(page.next_cursor as string)}`;
    }
    expect(pages).toEqual([5, 4, 3, 2, 1]);
    const csv = await platform.api.get('/v1/usage/export', { token: user.token });
    expect(csv.headers.get('content-type')).toContain('text/csv');
    expect(csv.text.trim().split('\r\n').slice(1).map((line) => line.split(',')[6])).toEqual(['5', '4', '3', '2', '1']);
    const transfers = await platform.api.get('/v1/wallet/transfers/export', { token: user.token });
    expect(transfers.text.trim().split('\r\n')).toHaveLength(1 + 1 + 5);
    expect((await platform.api.get('/v1/usage?cursor=x', { token: user.token })).body.error.param).toBe('cursor');
  });
});

/** How often an upstream's usage was not believed. */
async function rejected(): Promise<number> {
  return (await metricOf(platform, 'bailiao_upstream_usage_rejected_total')) ?? 0;
}
