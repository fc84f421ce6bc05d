import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeModel, makeTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import type { StreamedAnswer } from '../kit/streamed-answer.js';
import { limitUpstream, markUpstream, switchUpstream, upstreamArrivals, upstreamKey, upstreamViolations, type KeyBehaviour } from '../kit/upstream-keys.js';
import { resetUpstream, scripted, upstreamCounters } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;
let user: TestUser;
let made = 0;

beforeAll(async () => {
  platform = await Platform.start({ env: { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1', UPSTREAM_CONNECT_TIMEOUT_MS: '500', UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '700', UPSTREAM_BREAKER_OPEN_MS: '60000', RUN_QUEUE_WAIT_MS: '90000' } });
  staff = await admin(platform);
  user = await logIn(platform, await makeTenant(platform, staff));
});
afterAll(async () => platform.stop());
beforeEach(async () => resetUpstream(platform));

/** A model of its own, served by channels with these keys, used in this order. */
async function model(...channels: readonly Record<string, unknown>[]): Promise<{ readonly name: string; readonly ids: readonly string[] }> {
  made += 1;
  const name = `sim-over-${made}`;
  await makeModel(platform, staff, name);
  const ids: string[] = [];
  for (const [priority, channel] of channels.entries()) {
    const body = { name: `channel ${made}-${priority}`, base_url: platform.servers.openaiUrl, models: [{ model: name, upstream_name: 'sim-chat' }], priority, ...channel };
    ids.push((await platform.api.ok('POST', '/admin/v1/channels', { token: staff, body })).id as string);
  }
  return { name, ids };
}

async function ask(name: string, content: string, query = ''): Promise<StreamedAnswer> {
  const conversation = await makeConversation(platform.api, user);
  return platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse${query}`, { token: user.token, body: { content, model: name } });
}
const answer = async (name: string, text: string): Promise<string> => wordsOf(await (await ask(name, scripted({ text }))).all());
const channel = async (id = ''): Promise<{ state: string; state_reason: string | null }> => platform.api.ok('GET', `/admin/v1/channels/${id}`, { token: staff });

describe('a channel that fails before the first word', () => {
  it.each<[string, KeyBehaviour]>([
    ['is over its limit', '429'], ['has no money left', 'insufficient_quota'], ['breaks', '500'], ['does not know the model', '404'], ['hangs', 'hang'], ['sends nonsense', { malformed: true, afterTokens: 0 }],
    ['resets', { reset: 'before-headers' }], ['hangs after its headers', { hang: 'before-first-token' }], ['is no such server', { status: 405 }], ['says nothing', { text: '', usage: 'absent' }],
  ])('and %s costs nobody his answer as long as another one is well', async (_, behaviour) => {
    const { name } = await model({ api_key: 'sk-first' }, { api_key: 'sk-second' });
    await switchUpstream(platform, behaviour, 'sk-first');
    expect(await answer(name, '还是答了')).toBe('还是答了');
    expect((await upstreamKey(platform, 'sk-second')).accepted).toBe(1);
  });

  it('is one of many, and the last one of them is well', async () => {
    const keys = Array.from({ length: 8 }, (_, n) => `sk-many-${n}`);
    const { name } = await model(...keys.map((api_key) => ({ api_key })));
    await Promise.all(keys.slice(0, 7).map((key) => switchUpstream(platform, '500', key)));
    expect(await answer(name, '第八个')).toBe('第八个');
  });

  it('is asked again a little later when the only other one wants none for a minute', async () => {
    const { name } = await model({ api_key: 'sk-blocked' }, { api_key: 'sk-stumbles' });
    await switchUpstream(platform, { status: 429, retryAfter: 60 }, 'sk-blocked');
    expect(await answer(name, '先绕过去')).toBe('先绕过去');
    expect(wordsOf(await (await ask(name, scripted({ text: '再试一次', status: 500, failTimes: 1 }))).all())).toBe('再试一次');
    expect(await upstreamArrivals(platform, 'key=sk-blocked')).toHaveLength(1);
    expect(await upstreamArrivals(platform, 'key=sk-stumbles')).toHaveLength(3);
  });

  it('that can not be reached is passed over', async () => {
    const { name } = await model({ base_url: 'http://127.0.0.1:9/v1', api_key: 'sk-first' }, { api_key: 'sk-second' });
    expect(await answer(name, '第二个')).toBe('第二个');
  });

  it('is left alone after five failures in a row', async () => {
    const { name } = await model({ api_key: 'sk-first' }, { api_key: 'sk-second' });
    await switchUpstream(platform, '500', 'sk-first');
    for (let n = 0; n < 8; n += 1) expect(await answer(name, `第${n}个`)).toBe(`第${n}个`);
    expect(await upstreamArrivals(platform, 'key=sk-first')).toHaveLength(5);
  });

  it('for want of the model is not asked for it again for a while, but for its others', async () => {
    const { name, ids } = await model({ api_key: 'sk-lacks', name: 'lacks it' }, { api_key: 'sk-second' });
    const { name: other } = await model();
    await switchUpstream(platform, 'ok', 'sk-lacks');
    await platform.api.ok('PATCH', `/admin/v1/channels/${ids[0]}`, { token: staff, body: { models: [{ model: name, upstream_name: 'missing-here' }, { model: other, upstream_name: 'sim-chat' }] } });
    for (let n = 0; n < 3; n += 1) expect(await answer(name, `第${n}个`)).toBe(`第${n}个`);
    expect(await metricOf(platform, 'bailiao_upstream_errors_total', { kind: 'not_found', channel: 'lacks it' })).toBe(1);
    expect(await answer(other, '别的模型')).toBe('别的模型');
    expect((await upstreamKey(platform, 'sk-lacks')).accepted).toBe(1);
  });

  it('to say a word costs nothing where no other one is left', async () => {
    const { name } = await model({ api_key: 'sk-silent' });
    await switchUpstream(platform, { text: '', usage: 'absent' }, 'sk-silent');
    const before = await platform.api.ok('GET', '/v1/wallet', { token: user.token });
    expect((await (await ask(name, scripted({ text: '不该出现' }))).all()).at(-1)).toMatchObject({ event: 'error', data: { code: 'upstream_error' } });
    const after = await eventually(() => platform.api.ok('GET', '/v1/wallet', { token: user.token }), ({ held }) => held === before.held);
    expect(after.balance).toBe(before.balance);
  });

  it('for its key is disabled on the spot, and used again once a person has entered a new one', async () => {
    const { name, ids } = await model({ api_key: 'sk-dead' }, { api_key: 'sk-second' });
    await switchUpstream(platform, '401', 'sk-dead');
    expect(await answer(name, '换一个')).toBe('换一个');
    expect(await eventually(() => channel(ids[0]), ({ state }) => state === 'disabled')).toMatchObject({ state_reason: 'the upstream refuses the key' });
    await platform.api.ok('PATCH', `/admin/v1/channels/${ids[0]}`, { token: staff, body: { api_key: 'sk-fresh' } });
    await platform.api.ok('POST', `/admin/v1/channels/${ids[0]}/enable`, { token: staff });
    expect(await answer(name, '又好了')).toBe('又好了');
    expect((await upstreamKey(platform, 'sk-fresh')).accepted).toBe(1);
  });

  it('says so only where no channel is left', async () => {
    const { name } = await model({ api_key: 'sk-first' });
    await switchUpstream(platform, 'context_length', 'sk-first');
    expect((await (await ask(name, scripted({ text: '不该出现' }))).all()).at(-1)).toMatchObject({ event: 'error', data: { code: 'invalid_request' } });
  });
});

describe('a channel with limits', () => {
  it('is not asked for more than they allow, by whomever, and serves the rest when it may', async () => {
    const { name } = await model({ api_key: 'sk-narrow', max_concurrent: 2, requests_per_minute: 60 });
    await limitUpstream(platform, { concurrent: 2, requestsPerMinute: 60 }, 'sk-narrow');
    await platform.spawn('worker');
    const answers = await Promise.all(Array.from({ length: 12 }, async (_, n) => wordsOf(await (await ask(name, scripted({ text: `第${n}个`, firstTokenMs: 100 }), '&keep=true')).all())));
    expect(answers).toEqual(Array.from({ length: 12 }, (_, n) => `第${n}个`));
    expect(await upstreamViolations(platform)).toEqual([]);
    expect(await upstreamKey(platform, 'sk-narrow')).toMatchObject({ accepted: 12, maxOpen: 2 });
  }, 60_000);

  it('that is paused keeps who waits for it, and serves them when it is resumed', async () => {
    const { name, ids } = await model({ api_key: 'sk-paused' });
    await platform.api.ok('POST', `/admin/v1/channels/${ids[0]}/pause`, { token: staff });
    const stream = await ask(name, scripted({ text: '等到了' }));
    expect(await stream.next()).toMatchObject({ event: 'queued', data: { position: 1 } });
    await platform.api.ok('POST', `/admin/v1/channels/${ids[0]}/resume`, { token: staff });
    expect(wordsOf(await stream.all())).toBe('等到了');
  });

  it('that is removed ends what waited for it alone, and leaves nobody in the queue', async () => {
    const { name, ids } = await model({ api_key: 'sk-removed' });
    await platform.api.ok('POST', `/admin/v1/channels/${ids[0]}/pause`, { token: staff });
    const stream = await ask(name, scripted({ text: '不该出现' }));
    expect((await stream.next())?.event).toBe('queued');
    await platform.api.ok('DELETE', `/admin/v1/channels/${ids[0]}`, { token: staff });
    expect((await stream.all()).at(-1)).toMatchObject({ event: 'error', data: { code: 'unavailable' } });
    await eventually(() => metricOf(platform, 'bailiao_queue_depth'), (depth) => depth === 0);
  }, 40_000);

  it('refuses a wait that is too long, with the time after which it would not be, and keeps nothing of it', async () => {
    const { name } = await model({ api_key: 'sk-slow', requests_per_minute: 1 });
    expect(await answer(name, '第一个')).toBe('第一个');
    const waiting = await ask(name, scripted({ text: '等着' }));
    expect((await waiting.next())?.event).toBe('queued');
    const before = (await platform.api.ok('GET', '/v1/wallet', { token: user.token })).held;
    const conversation = await makeConversation(platform.api, user);
    const refused = await platform.api.post(`/v1/conversations/${conversation}/messages`, { content: scripted({ text: '太久' }), model: name }, { token: user.token });
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'queue_full' } } });
    const retryAfter = parseInt(refused.headers.get('retry-after') ?? '0', 10);
    expect(retryAfter).toBeGreaterThan(10);
    expect(retryAfter).toBeLessThan(70);
    expect((await platform.api.ok('GET', '/v1/wallet', { token: user.token })).held).toBe(before);
    waiting.leave();
  });
});

it('a stop reaches the upstream within 100 ms', async () => {
  const { name } = await model({ api_key: 'sk-stop' });
  const stream = await ask(name, scripted({ tokens: 400, gapMs: 20 }));
  await stream.until(({ event }) => event === 'delta');
  await markUpstream(platform);
  await platform.api.ok('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token });
  await upstreamCounters(platform, '?wait=aborted&atLeast=1&timeoutMs=2000');
  const [aborted] = await upstreamArrivals(platform, 'key=sk-stop&end=aborted');
  expect(aborted?.endMs).toBeLessThan(100);
});
