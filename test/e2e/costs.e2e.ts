import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeModel, makeTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { switchUpstream } from '../kit/upstream-keys.js';
import { resetUpstream, scripted } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;
let user: TestUser;
let made = 0;

interface Line {
  readonly key: string | null;
  readonly name: string | null;
  readonly runs: number;
  readonly priced_runs: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly upstream_cost_micro_cny: number;
  readonly revenue_credits: number;
}

const PRICE = { input: 2_000_000, cached_input: 500_000, output: 8_000_000 };
const USAGE = { prompt_tokens: 30, completion_tokens: 12 };

beforeAll(async () => {
  platform = await Platform.start({ env: { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1', UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '2000' } });
  staff = await admin(platform);
  user = await logIn(platform, await makeTenant(platform, staff));
  await platform.api.ok('POST', `/admin/v1/tenants/${user.tenant.id}/price-lists`, { token: staff, body: { model: '*', input_rate: 1000, cached_input_rate: 1000, output_rate: 2000, reasoning_rate: 2000 } });
});
afterAll(async () => {
  await resetUpstream(platform);
  await platform.stop();
});

/** A model of its own with a channel for each price, used in this order. */
async function model(...prices: readonly (typeof PRICE | null)[]): Promise<{ readonly name: string; readonly ids: readonly string[] }> {
  made += 1;
  const name = `sim-cost-${made}`;
  await makeModel(platform, staff, name);
  const ids: string[] = [];
  for (const [priority, price] of prices.entries()) {
    const body = { name: `${name} channel ${priority}`, base_url: platform.servers.openaiUrl, api_key: `sk-${name}-${priority}`, models: [{ model: name, upstream_name: 'sim-chat', price }], priority };
    ids.push((await platform.api.ok('POST', '/admin/v1/channels', { token: staff, body })).id as string);
  }
  return { name, ids };
}

async function ask(name: string, behaviour: Parameters<typeof scripted>[0]): Promise<string> {
  const conversation = await makeConversation(platform.api, user);
  const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted(behaviour), model: name } });
  return wordsOf(await stream.all());
}

async function report(groupBy: string, key: string | null): Promise<Line | undefined> {
  const from = encodeURIComponent(new Date(Date.now() - 3_600_000).toISOString());
  const to = encodeURIComponent(new Date(Date.now() + 60_000).toISOString());
  const { data } = (await platform.api.ok('GET', `/admin/v1/reports/upstream-costs?from=${from}&to=${to}&group_by=${groupBy}`, { token: staff })) as { data: Line[] };
  return data.find((line) => line.key === key);
}

const rowsOf = (name: string) => platform.sql<{ channel_id: string | null; cost: string | null; state: string }>('SELECT channel_id, upstream_cost_micro_cny AS cost, state FROM runs WHERE model = $1 ORDER BY created_at', [name]);

describe('what an answer cost at its upstream', () => {
  it('stands in its row with the channel that gave it, and in the report beside what it brought in', async () => {
    const { name, ids } = await model(PRICE);
    await ask(name, { text: '好的', usage: USAGE });
    await ask(name, { text: '好的', usage: USAGE });
    // 30 × 2,000 + 12 × 8,000
    expect(await rowsOf(name)).toEqual([{ channel_id: ids[0], cost: '156000', state: 'finished' }, { channel_id: ids[0], cost: '156000', state: 'finished' }]);
    const sums = { runs: 2, priced_runs: 2, prompt_tokens: 60, completion_tokens: 24, upstream_cost_micro_cny: 312_000, revenue_credits: 108 };
    expect(await report('channel', ids[0] ?? '')).toEqual({ key: ids[0], name: `${name} channel 0`, ...sums });
    expect(await report('model', name)).toEqual({ key: name, name: null, ...sums });
    expect(await report('tenant', user.tenant.id)).toMatchObject({ runs: 2, upstream_cost_micro_cny: 312_000 });
    const today = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 10);
    expect(await report('day', today)).toMatchObject({ runs: 2, upstream_cost_micro_cny: 312_000 });
  });

  it('is that of the channel that answered, not of the one that failed before', async () => {
    const { name, ids } = await model(PRICE, { input: 0, cached_input: 0, output: 1_000 });
    await switchUpstream(platform, '500', `sk-${name}-0`);
    await ask(name, { text: '好的', usage: USAGE });
    expect(await rowsOf(name)).toEqual([{ channel_id: ids[1], cost: '12', state: 'finished' }]);
  });

  it('is unknown, never 0, where nobody entered a price or no channel answered', async () => {
    const { name, ids } = await model(null);
    await ask(name, { text: '好的', usage: USAGE });
    await ask(name, { error: 'content_policy' });
    const rows = await eventually(() => rowsOf(name), (found) => found.length === 2 && found.every(({ state }) => state !== 'opened'));
    expect(rows).toEqual([{ channel_id: ids[0], cost: null, state: 'finished' }, { channel_id: null, cost: null, state: 'refused' }]);
    expect(await report('channel', ids[0] ?? '')).toMatchObject({ runs: 1, priced_runs: 0, upstream_cost_micro_cny: 0, revenue_credits: 54 });
  });

  it('is counted also where the user stopped: the words that were made were paid for', async () => {
    const { name, ids } = await model(PRICE);
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ tokens: 400, gapMs: 50 }), model: name } });
    await stream.next();
    await stream.next();
    const run = stream.response.headers.get('x-run-id') ?? (await platform.sql<{ id: string }>('SELECT id FROM runs WHERE model = $1', [name]))[0]?.id ?? '';
    await platform.api.ok('POST', `/v1/runs/${run}/stop`, { token: user.token });
    const [row] = await eventually(() => rowsOf(name), ([found]) => found?.state === 'stopped');
    expect(row?.channel_id).toBe(ids[0]);
    expect(BigInt(row?.cost ?? 0)).toBeGreaterThan(0n);
  });
});

describe('the report', () => {
  const ask400 = async (query: string): Promise<unknown> => (await platform.api.get(`/admin/v1/reports/upstream-costs?${query}`, { token: staff })).body.error;

  it('is for a bounded time', async () => {
    expect(await ask400('from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z&group_by=day')).toMatchObject({ code: 'invalid_request', param: 'to' });
    expect(await ask400('from=2026-01-01T00:00:00Z&to=2026-06-01T00:00:00Z&group_by=day')).toMatchObject({ code: 'invalid_request', param: 'to' });
    expect(await ask400('from=2026-01-01&to=2026-01-02T00:00:00Z&group_by=day')).toMatchObject({ code: 'invalid_request', param: 'from' });
    expect(await ask400('from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&group_by=user')).toMatchObject({ code: 'invalid_request', param: 'group_by' });
  });

  it('is for platform staff', async () => {
    expect((await platform.api.get('/admin/v1/reports/upstream-costs?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&group_by=day', { token: user.token })).status).toBe(401);
  });
});
