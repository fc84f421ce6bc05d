import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCommand } from '../kit/commands.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeModel, makeTenant, type TestUser } from '../kit/factories.js';
import { metricOf, samplesOf, type Sample } from '../kit/metrics.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import type { StreamedAnswer } from '../kit/streamed-answer.js';
import { limitUpstream, markUpstream, switchUpstream, upstreamArrivals, upstreamKey, upstreamViolations } from '../kit/upstream-keys.js';
import { resetUpstream, scripted } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;
let user: TestUser;
let made = 0;

beforeAll(async () => {
  platform = await Platform.start({ env: { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1', UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '20000', RUN_QUEUE_WAIT_MS: '90000' } });
  staff = await admin(platform);
  const tenant = await makeTenant(platform, staff);
  await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/price-lists`, { token: staff, body: { model: '*', input_rate: 0, cached_input_rate: 0, output_rate: 1_000, reasoning_rate: 1_000 } });
  user = await logIn(platform, tenant);
});
afterAll(async () => {
  const { code, output } = await runCommand('audit', { DATABASE_URL: platform.databaseUrl, MASTER_KEY: platform.servers.masterKey });
  await platform.stop();
  expect([code, output]).toEqual([0, expect.stringContaining('everything adds up')]);
});
beforeEach(async () => resetUpstream(platform));

interface Made {
  readonly name: string;
  readonly keys: readonly [string, string];
  readonly ids: readonly string[];
}

/** A model whose first channel is hedged, with a second one behind it. */
async function model(hedgePercent: number | null, second: Record<string, unknown> = {}): Promise<Made> {
  made += 1;
  const name = `sim-hedge-${made}`;
  const keys = [`sk-slow-${made}`, `sk-fast-${made}`] as const;
  await makeModel(platform, staff, name);
  const price = { input: 1_000, cached_input: 1_000, output: 1_000 };
  const channels = [{ hedge_percent: hedgePercent }, second];
  const ids: string[] = [];
  for (const [priority, channel] of channels.entries()) {
    const body = { name: `${name} channel ${priority}`, base_url: platform.servers.openaiUrl, api_key: keys[priority], models: [{ model: name, upstream_name: 'sim-chat', price }], priority, max_concurrent: 50, ...channel };
    ids.push((await platform.api.ok('POST', '/admin/v1/channels', { token: staff, body })).id as string);
  }
  return { name, keys, ids };
}

async function ask({ name }: Made, text: string, more: Record<string, unknown> = {}): Promise<StreamedAnswer> {
  const conversation = await makeConversation(platform.api, user);
  return platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ text, ...more }), model: name } });
}
const answer = async (made: Made, text: string): Promise<string> => wordsOf(await (await ask(made, text)).all());

/** Twenty answers in time: from the next one on the channel's times are known. */
async function learn(made: Made): Promise<void> {
  for (let n = 0; n < 20; n += 5) await Promise.all(Array.from({ length: 5 }, (_, k) => answer(made, `第${n + k}个`)));
}

async function hedges(made: Made): Promise<Record<string, number>> {
  const samples = await samplesOf(platform, 'bailiao_upstream_hedges_total', { channel: `${made.name} channel 0` });
  return Object.fromEntries(samples.map(({ labels, value }) => [labels.event, value]));
}
async function outrunTokens(made: Made): Promise<number | undefined> {
  return metricOf(platform, 'bailiao_upstream_outrun_prompt_tokens_total', { channel: `${made.name} channel 0` });
}
const balance = async (): Promise<number> => (await platform.api.ok('GET', '/v1/wallet', { token: user.token })).balance as number;

describe('an answer whose first words are late', () => {
  it('is given by the second channel, once, charged once, and the first one\'s connection is closed', async () => {
    const made = await model(50);
    await learn(made);
    await switchUpstream(platform, { firstTokenMs: 15_000 }, made.keys[0]);
    const before = await balance();
    await markUpstream(platform);
    const began = Date.now();
    expect(await answer(made, '后来居上')).toBe('后来居上');
    expect(Date.now() - began).toBeLessThan(10_000);
    const [slow, fast] = await Promise.all(made.keys.map((key) => eventually(() => upstreamKey(platform, key), ({ open }) => open === 0)));
    expect([slow?.aborted, fast?.finished]).toEqual([1, 1]);
    const [arrival] = (await upstreamArrivals(platform, `key=${made.keys[0]}`)).slice(-1);
    const [rival] = (await upstreamArrivals(platform, `key=${made.keys[1]}`)).slice(-1);
    // Aborted as soon as the other had spoken.
    expect((arrival?.endMs ?? Infinity) - (rival?.endMs ?? 0)).toBeLessThan(100);
    const [usage] = (await platform.api.ok('GET', '/v1/usage', { token: user.token })).data as { credits: number; completion_tokens: number }[];
    expect(usage?.credits).toBe(usage?.completion_tokens);
    expect(before - (await balance())).toBe(usage?.credits);
    expect(await platform.sql('SELECT channel_id FROM runs WHERE model = $1 ORDER BY created_at DESC LIMIT 1', [made.name])).toEqual([{ channel_id: made.ids[1] }]);
    expect(await hedges(made)).toEqual({ started: 1, won: 1 });
    // What the given up call may cost the operator is told by its channel.
    expect(await outrunTokens(made)).toBeGreaterThan(0);
  });

  it('is the first channel\'s where that one speaks first after all', async () => {
    const made = await model(50);
    await learn(made);
    await switchUpstream(platform, { firstTokenMs: 1_500 }, made.keys[0]);
    await switchUpstream(platform, { firstTokenMs: 15_000 }, made.keys[1]);
    expect(await answer(made, '还是我')).toBe('还是我');
    expect((await eventually(() => upstreamKey(platform, made.keys[1]), ({ open }) => open === 0)).aborted).toBe(1);
    expect(await hedges(made)).toEqual({ started: 1, lost: 1 });
  });

  it('is broken off on both channels when the user stops it', async () => {
    const made = await model(50);
    await learn(made);
    for (const key of made.keys) await switchUpstream(platform, { firstTokenMs: 15_000 }, key);
    const before = await balance();
    const stream = await ask(made, '不该出现');
    await eventually(() => upstreamKey(platform, made.keys[1]), ({ open }) => open === 1);
    await platform.api.ok('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token });
    expect(wordsOf(await stream.all())).toBe('');
    const keys = await Promise.all(made.keys.map((key) => eventually(() => upstreamKey(platform, key), ({ open }) => open === 0)));
    expect(keys.map(({ aborted }) => aborted)).toEqual([1, 1]);
    expect(await balance()).toBe(before);
  });

  it('waits where its channel is not set so', async () => {
    const made = await model(null);
    await learn(made);
    await switchUpstream(platform, { firstTokenMs: 1_000 }, made.keys[0]);
    expect(await answer(made, '慢慢来')).toBe('慢慢来');
    expect([(await upstreamArrivals(platform, `key=${made.keys[1]}`)).length, await hedges(made)]).toEqual([0, {}]);
  });
});

describe('second calls', () => {
  it('keep to their share of a channel\'s calls, and to the limits of the channel that they go to', async () => {
    const made = await model(5, { requests_per_minute: 60, tokens_per_minute: 50_000, max_concurrent: 1 });
    await limitUpstream(platform, { requestsPerMinute: 60, tokensPerMinute: 50_000, concurrent: 1 }, made.keys[1]);
    await learn(made);
    await switchUpstream(platform, { firstTokenMs: 1_200 }, made.keys[0]);
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => answer(made, `慢${n}`)));
    expect(answers).toEqual(Array.from({ length: 40 }, (_, n) => `慢${n}`));
    const { started = 0, unused = 0 } = await hedges(made);
    expect(started - unused).toBeGreaterThanOrEqual(1);
    // 5 % of 60 calls.
    expect(started - unused).toBeLessThanOrEqual(3);
    expect((await upstreamArrivals(platform, `key=${made.keys[1]}`)).length).toBe(started - unused);
    expect(await upstreamViolations(platform)).toEqual([]);
    // Nothing is left open in the gate: as many calls fit as before.
    const leases = async (): Promise<readonly Sample[]> => (await samplesOf(platform, 'bailiao_channel_leases')).filter(({ labels }) => labels.channel?.startsWith('sim-hedge'));
    await eventually(leases, (all) => all.length > 0 && all.every(({ value }) => value === 0));
  }, 60_000);
});

describe('the setting', () => {
  it('is off unless set, can be taken back, and is bounded', async () => {
    const made = await model(null);
    const path = `/admin/v1/channels/${made.ids[0]}`;
    expect((await platform.api.ok('GET', path, { token: staff })).hedge_percent).toBeNull();
    expect((await platform.api.ok('PATCH', path, { token: staff, body: { hedge_percent: 5 } })).hedge_percent).toBe(5);
    expect((await platform.api.ok('PATCH', path, { token: staff, body: { weight: 2 } })).hedge_percent).toBe(5);
    expect((await platform.api.ok('PATCH', path, { token: staff, body: { hedge_percent: null } })).hedge_percent).toBeNull();
    for (const wrong of [0, 51, 2.5, '5']) {
      const refused = await platform.api.call('PATCH', path, { token: staff, body: { hedge_percent: wrong } });
      expect([refused.status, refused.body.error.param]).toEqual([400, 'hedge_percent']);
    }
  });
});
