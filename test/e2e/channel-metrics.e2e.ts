import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeModel, makeTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import type { StreamedAnswer } from '../kit/streamed-answer.js';
import { switchUpstream } from '../kit/upstream-keys.js';
import { resetUpstream, scripted } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;
let user: TestUser;

beforeAll(async () => {
  platform = await Platform.start({ env: { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1', UPSTREAM_BREAKER_OPEN_MS: '1500' } });
  staff = await admin(platform);
  user = await logIn(platform, await makeTenant(platform, staff));
});
afterAll(async () => {
  await resetUpstream(platform);
  await platform.stop();
});

async function channel(name: string, priority: number): Promise<void> {
  const body = { name, base_url: platform.servers.openaiUrl, api_key: `sk-${name}`, models: [{ model: 'sim-metric', upstream_name: 'sim-chat' }], priority, max_concurrent: 1 };
  await platform.api.ok('POST', '/admin/v1/channels', { token: staff, body });
}

async function ask(text: string, more: Record<string, unknown> = {}): Promise<StreamedAnswer> {
  const conversation = await makeConversation(platform.api, user);
  return platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ text, ...more }), model: 'sim-metric' } });
}

const metric = (name: string, labels: Readonly<Record<string, string>>): Promise<number | undefined> => metricOf(platform, name, labels);

describe('metrics of a channel', () => {
  it('tell who waits for it, who is served by it, and how long that took, by tier', async () => {
    await makeModel(platform, staff, 'sim-metric');
    await channel('one', 1);
    const busy = await ask('占着', { hang: 'mid', afterTokens: 1 });
    await busy.next();
    await eventually(() => metric('bailiao_channel_leases', { channel: 'one', tier: 'interactive' }), (leases) => leases === 1);
    const waiting = await ask('等着');
    expect((await waiting.next())?.event).toBe('queued');
    await eventually(() => metric('bailiao_queue_channel_depth', { channel: 'one', tier: 'interactive' }), (depth) => depth === 1);
    expect(await metric('bailiao_queue_tier_depth', { tier: 'interactive' })).toBe(1);
    await platform.api.ok('POST', `/v1/runs/${busy.runId}/stop`, { token: user.token });
    expect(wordsOf(await waiting.all())).toBe('等着');
    await eventually(() => metric('bailiao_queue_channel_depth', { channel: 'one', tier: 'interactive' }), (depth) => depth === undefined);
    expect(await metric('bailiao_queue_wait_seconds_count', { channel: 'one', tier: 'interactive' })).toBe(2);
    await eventually(() => metric('bailiao_channel_leases', { channel: 'one', tier: 'interactive' }), (leases) => leases === 0);
  });

  it('tell why calls to it failed, and what its breaker does', async () => {
    await channel('two', 2);
    expect(await metric('bailiao_channel_breaker', { channel: 'one' })).toBe(0);
    await switchUpstream(platform, '500', 'sk-one');
    for (let n = 0; n < 5; n += 1) expect(wordsOf(await (await ask(`第${n}个`)).all())).toBe(`第${n}个`);
    expect(await metric('bailiao_upstream_errors_total', { channel: 'one', kind: 'server' })).toBe(5);
    expect(await metric('bailiao_upstream_retries_total', { channel: 'one', kind: 'server' })).toBe(5);
    await eventually(() => metric('bailiao_channel_breaker', { channel: 'one' }), (state) => state === 2);
    await eventually(() => metric('bailiao_channel_breaker', { channel: 'one' }), (state) => state === 1);
    await switchUpstream(platform, 'ok', 'sk-one');
    expect(wordsOf(await (await ask('好了')).all())).toBe('好了');
    await eventually(() => metric('bailiao_channel_breaker', { channel: 'one' }), (state) => state === 0);
  });

  it('name no channel of a tenant', async () => {
    const tenant = await makeTenant(platform, staff);
    await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/channels`, { token: staff, body: { name: 'our secret plan', base_url: platform.servers.openaiUrl, api_key: 'sk-own', models: [{ model: 'sim-metric', upstream_name: 'sim-chat' }] } });
    const own = await logIn(platform, tenant);
    const conversation = await makeConversation(platform.api, own);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: own.token, body: { content: scripted({ text: '自己的' }), model: 'sim-metric' } });
    expect(wordsOf(await stream.all())).toBe('自己的');
    expect(await metric('bailiao_queue_wait_seconds_count', { channel: 'own' })).toBe(1);
    expect((await platform.api.get('/metrics')).text).not.toContain('our secret plan');
  });
});
