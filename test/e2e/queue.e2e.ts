import { once } from 'node:events';
import { connect } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeApiKey, makeConversation, makeModel, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import type { StreamedAnswer } from '../kit/streamed-answer.js';
import { scripted } from '../kit/upstream-script.js';

let platform: Platform;
let tenant: TestTenant;
let user: TestUser;

beforeEach(async () => {
  platform = await Platform.start({ role: 'api', env: { RUN_CONCURRENCY: '1', UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1' } });
  tenant = await makeTenant(platform, await admin(platform));
  user = await logIn(platform, tenant);
});
afterEach(async () => platform.stop());

async function send(by: TestUser, content: string, query = ''): Promise<StreamedAnswer> {
  const conversation = await makeConversation(platform.api, by);
  return platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse${query}`, { token: by.token, body: { content } });
}
const held = async (): Promise<number> => (await platform.api.ok('GET', '/v1/wallet', { token: user.token })).held as number;
/** Where Redis keeps what is known of a run beside its events. */
const metaOf = (runId: string): string => `{run:${tenant.id}:${runId}}:meta`;
const state = async (runId: string): Promise<string> => (await platform.api.ok('GET', `/v1/runs/${runId}`, { token: user.token })).state as string;

describe('a run that has to wait', () => {
  it('is told its place, and each change of it, before it begins', async () => {
    const streams = [];
    for (const text of ['一', '二', '三']) streams.push(await send(await logIn(platform, tenant, text), scripted({ text, firstTokenMs: 2_600 })));
    const places = [];
    for (const stream of streams) places.push(await stream.next());
    expect(places).toMatchObject([1, 2, 3].map((position) => ({ event: 'queued', data: { position } })));
    await platform.spawn('worker');
    const [, , last] = await Promise.all(streams.map((stream) => stream.all()));
    expect(last?.filter(({ event }) => event === 'queued').map(({ data }) => data.position)).toEqual([2, 1]);
    expect(wordsOf(last ?? [])).toBe('三');
  }, 60_000);

  it('frees its place and the credits held when its client leaves', async () => {
    const stream = await send(user, scripted({ text: '不该出现' }));
    expect((await stream.next())?.event).toBe('queued');
    expect(await held()).toBeGreaterThan(0);
    stream.leave();
    await eventually(held, (credits) => credits === 0);
    expect(await state(stream.runId)).toBe('stopped');
    expect((await (await send(user, scripted({ text: '下一个' }))).next())?.data).toMatchObject({ position: 1 });
  });

  it('is the same question when it is sent again after its client left', async () => {
    const conversation = await makeConversation(platform.api, user);
    const content = scripted({ text: '一次就够。' });
    const ask = async (): Promise<StreamedAnswer> => platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, headers: { 'idempotency-key': 'once' }, body: { content } });
    const lose = async (stream: StreamedAnswer): Promise<void> => {
      expect([stream.status, (await stream.next())?.event]).toEqual([200, 'queued']);
      stream.leave();
      await eventually(() => state(stream.runId), (now) => now === 'stopped');
    };
    for (let time = 0; time < 2; time += 1) await lose(await ask());
    const [unanswered] = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data as { id: string }[];
    for (let time = 0; time < 2; time += 1) await lose(await platform.api.stream('POST', `/v1/messages/${unanswered?.id}/regenerate?format=sse`, { token: user.token, body: {} }));
    await platform.spawn('worker');
    expect(wordsOf(await (await ask()).all())).toBe('一次就够。');
    const shown = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data as { role: string; content: string; state: string; alternatives: unknown[] }[];
    expect(shown.map(({ role, content: words, state: as, alternatives }) => [role, words, as, alternatives.length])).toEqual([['assistant', '一次就够。', 'complete', 0], ['user', content, 'complete', 0]]);
    // What was answered is a new question when it is asked again.
    await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content } })).all();
    expect((await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data).toHaveLength(4);
  }, 60_000);

  it('keeps both when it was asked to, and is there for whoever comes back', async () => {
    const stream = await send(user, scripted({ text: '还在' }), '&keep=true');
    await stream.next();
    stream.leave();
    await platform.spawn('worker');
    const resumed = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse`, { token: user.token });
    expect(wordsOf(await resumed.all())).toBe('还在');
  }, 60_000);

  it('frees its place when a program with a key gives up, streaming or not', async () => {
    const key = await makeApiKey(platform, user);
    for (const stream of [true, false]) {
      const leave = new AbortController();
      const body = { messages: [{ role: 'user', content: scripted({ text: '不该出现' }) }], stream };
      const asking = platform.api.call('POST', '/v1/chat/completions', { token: key, body, signal: leave.signal }).catch(() => undefined);
      await eventually(held, (credits) => credits > 0);
      leave.abort();
      await asking;
      await eventually(held, (credits) => credits === 0);
    }
  });

  it('goes on when its client leaves after it began', async () => {
    await platform.spawn('worker');
    const stream = await send(user, scripted({ tokens: 40, gapMs: 20 }));
    await stream.until(({ event }) => event === 'delta');
    stream.leave();
    await eventually(() => state(stream.runId), (now) => now !== 'opened');
    expect(await state(stream.runId)).toBe('finished');
  }, 60_000);
});

describe('a run that several clients wait for', () => {
  const ask = async (key: string, stream: boolean, content: string, signal?: AbortSignal) =>
    platform.api.call('POST', '/v1/chat/completions', { token: user.token, headers: { 'idempotency-key': key }, body: { stream, messages: [{ role: 'user', content }] }, ...(signal === undefined ? {} : { signal }) });
  const runs = async () => platform.sql<{ id: string; state: string }>('SELECT id, state FROM runs ORDER BY created_at');
  const followersOf = async (runId: string): Promise<string> => (await redis.hget(metaOf(runId), 'followers')) ?? '0';
  let redis: Redis;

  beforeEach(() => { redis = new Redis(platform.redisUrl); });
  afterEach(() => redis.disconnect());

  it('begins anew for who asks again after it was abandoned', async () => {
    const question = scripted({ text: '第二次。' });
    for (const stream of [false, true]) {
      const [key, leave] = [`again-${stream}`, new AbortController()];
      const before = (await runs()).length;
      const first = ask(key, stream, question, leave.signal).catch(() => undefined);
      await eventually(held, (credits) => credits > 0);
      leave.abort();
      await first;
      await eventually(runs, (all) => all.length === before + 1 && all.every((run) => run.state === 'stopped'));
    }
    await platform.spawn('worker');
    const again = await ask('again-false', false, question);
    expect([again.status, again.body.choices[0].message.content]).toEqual([200, '第二次。']);
    expect((await ask('again-true', true, question)).text).toContain('第二次。');
    expect((await ask('again-false', false, question)).body.choices[0].message.content).toBe('第二次。');
    expect((await runs()).map((run) => run.state)).toEqual(['stopped', 'stopped', 'finished', 'finished']);
  }, 60_000);

  it('is no empty answer for who asks again, when its user stopped it', async () => {
    const question = scripted({ text: '不该出现' });
    const first = ask('stopped', false, question);
    const [run] = await eventually(runs, (all) => all.length === 1);
    await platform.api.ok('POST', `/v1/runs/${run?.id}/stop`, { token: user.token });
    await first;
    for (const stream of [false, true]) expect(await ask('stopped', stream, question)).toMatchObject({ status: 409, body: { error: { code: 'conflict', param: 'Idempotency-Key' } } });
  });

  it('keeps its place as long as one of them is there', async () => {
    const [question, leave] = [scripted({ text: '还在' }), new AbortController()];
    const first = ask('two', false, question, leave.signal).catch(() => undefined);
    const [run] = await eventually(runs, (all) => all.length === 1);
    const runId = run?.id ?? '';
    const retry = ask('two', false, question, leave.signal).catch(() => undefined);
    const following = await platform.api.stream('GET', `/v1/runs/${runId}/stream?format=sse`, { token: user.token });
    expect(await following.next()).toMatchObject({ event: 'queued', data: { position: 1 } });
    await eventually(() => followersOf(runId), (count) => count === '2');
    leave.abort();
    await Promise.all([first, retry]);
    await eventually(() => redis.hget(metaOf(runId), 'left'), (left) => left === '1');
    await eventually(() => followersOf(runId), (count) => count === '1');
    expect([await state(runId), await held() > 0]).toEqual(['opened', true]);
    following.leave();
    await eventually(held, (credits) => credits === 0);
    expect(await state(runId)).toBe('stopped');
  });
});

describe('a run that waited for the answer to another one', () => {
  const question = scripted({ text: '同一个问题' });

  beforeEach(async () => {
    await platform.api.ok('PATCH', `/admin/v1/tenants/${tenant.id}`, { token: await admin(platform), body: { settings: { response_cache_seconds: 600, response_cache_scope: 'tenant', response_cache_chats: true } } });
  });

  it('is told its place when it has to queue after all, and frees it when its client leaves', async () => {
    const leading = await send(await logIn(platform, tenant, 'leader'), question);
    await leading.next();
    const stream = await send(user, question);
    await stream.until(({ event }) => event === 'started');
    leading.leave();
    expect((await stream.until(({ event }) => event === 'queued')).at(-1)).toMatchObject({ data: { position: 1 } });
    expect(await held()).toBeGreaterThan(0);
    stream.leave();
    await eventually(held, (credits) => credits === 0);
    expect(await state(stream.runId)).toBe('stopped');
  });

  it('ends at once when its user stops it where it queues', async () => {
    const leading = await send(await logIn(platform, tenant, 'leader'), question);
    await leading.next();
    const stream = await send(user, question);
    await stream.until(({ event }) => event === 'started');
    leading.leave();
    await stream.until(({ event }) => event === 'queued');
    await platform.api.ok('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token });
    expect((await stream.all()).at(-1)).toMatchObject({ event: 'done', data: { finish_reason: 'stopped' } });
    expect([await held(), await state(stream.runId)]).toEqual([0, 'stopped']);
  });

  it('does not queue when its client left before', async () => {
    const leading = await send(await logIn(platform, tenant, 'leader'), question);
    await leading.next();
    const stream = await send(user, question);
    await stream.until(({ event }) => event === 'started');
    const { runId } = stream;
    stream.leave();
    const redis = new Redis(platform.redisUrl);
    await eventually(() => redis.hget(metaOf(runId), 'left'), (left) => left === '1').finally(() => redis.disconnect());
    leading.leave();
    await eventually(() => state(runId), (now) => now === 'stopped');
    expect(await held()).toBe(0);
  });
});

describe('a client that is gone before its run is there', () => {
  /** Sends a request whole, and hangs up. */
  async function hangUp(path: string, token: string, body: object): Promise<void> {
    const { hostname, port } = new URL(platform.api.url);
    const content = JSON.stringify(body);
    const socket = connect(parseInt(port, 10), hostname);
    await once(socket, 'connect');
    const head = [`POST ${path} HTTP/1.1`, `host: ${hostname}`, `authorization: Bearer ${token}`, 'content-type: application/json', `content-length: ${Buffer.byteLength(content)}`];
    await new Promise<void>((resolve) => { socket.write(`${head.join('\r\n')}\r\n\r\n${content}`, () => resolve()); });
    socket.destroy();
  }
  const states = async (): Promise<readonly string[]> => (await platform.sql<{ state: string }>('SELECT state FROM runs')).map((run) => run.state);

  it('keeps neither place nor hold, streaming or not', async () => {
    const key = await makeApiKey(platform, user);
    const asking = Array.from({ length: 10 }, (_, at) => ({ stream: at % 2 === 0, messages: [{ role: 'user', content: scripted({ text: '不该出现' }) }] }));
    await Promise.all(asking.map((body) => hangUp('/v1/chat/completions', key, body)));
    await eventually(states, (found) => found.length === 10 && found.every((each) => each === 'stopped'));
    expect(await held()).toBe(0);
  });

  it('finds its conversation free for the next question', async () => {
    const conversation = await makeConversation(platform.api, user);
    await hangUp(`/v1/conversations/${conversation}/messages?format=sse`, user.token, { content: scripted({ text: '不该出现' }) });
    await eventually(states, (found) => found.length === 1 && found[0] === 'stopped');
    const next = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ text: '下一个' }) } });
    expect([next.status, (await next.next())?.event]).toEqual([200, 'queued']);
  });
});

describe('limits of a plan', () => {
  it('keep a user to so many answers at once, waiting ones included, and charge nothing for a refusal', async () => {
    await platform.api.ok('PATCH', `/admin/v1/tenants/${tenant.id}`, { token: await admin(platform), body: { settings: { user_open_runs: 2 } } });
    const first = await send(user, scripted({ text: '一' }));
    await send(user, scripted({ text: '二' }));
    const before = await held();
    const refused = await send(user, scripted({ text: '三' }));
    expect(refused.status).toBe(429);
    expect(refused.response.headers.get('retry-after')).toBe('1');
    expect(await held()).toBe(before);
    const other = await logIn(platform, tenant, 'other');
    expect((await send(other, scripted({ text: '四' }))).status).toBe(200);
    first.leave();
    await eventually(held, (credits) => credits < before);
    expect((await send(user, scripted({ text: '五' }))).status).toBe(200);
  });

  it('let who was refused begin anew under the same Idempotency-Key', async () => {
    await platform.api.ok('PATCH', `/admin/v1/tenants/${tenant.id}`, { token: await admin(platform), body: { settings: { user_open_runs: 1 } } });
    const first = await send(user, scripted({ text: '一' }));
    const conversation = await makeConversation(platform.api, user);
    const ask = async (): Promise<StreamedAnswer> => platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, headers: { 'idempotency-key': 'refused' }, body: { content: '二' } });
    for (let time = 0; time < 2; time += 1) {
      const refused = await ask();
      expect([refused.status, refused.response.headers.get('retry-after')]).toEqual([429, '1']);
    }
    first.leave();
    await eventually(held, (credits) => credits === 0);
    const again = await ask();
    expect([again.status, (await again.next())?.event]).toEqual([200, 'queued']);
  });

  it.each(['tenant', 'user', 'api_key'])('keep what they name (%s) to so many new answers in a minute', async (who) => {
    await platform.api.ok('PATCH', `/admin/v1/tenants/${tenant.id}`, { token: await admin(platform), body: { settings: { [`${who}_runs_per_minute`]: 2 } } });
    const token = who === 'api_key' ? await makeApiKey(platform, user) : user.token;
    const leave = new AbortController();
    const ask = () => platform.api.stream('POST', '/v1/chat/completions', { token, signal: leave.signal, body: { stream: true, messages: [{ role: 'user', content: scripted({ text: '一' }) }] } });
    const begun = [ask(), ask()];
    await eventually(held, (credits) => credits > 0);
    const refused = await eventually(() => platform.api.call('POST', '/v1/chat/completions', { token, body: { stream: false, messages: [{ role: 'user', content: '二' }] }, signal: AbortSignal.timeout(2_000) }).catch(() => undefined), (answer) => answer !== undefined);
    expect(refused).toMatchObject({ status: 429, body: { error: { code: 'rate_limited' } } });
    expect(parseInt(refused?.headers.get('retry-after') ?? '0', 10)).toBeGreaterThan(30);
    leave.abort();
    await Promise.allSettled(begun);
  });
});

it('refuses who floods the queue, and nobody else of the tenant', async () => {
  const staff = await admin(platform);
  await makeModel(platform, staff, 'sim-narrow');
  await platform.api.ok('POST', '/admin/v1/channels', { token: staff, body: { name: 'narrow', base_url: platform.servers.openaiUrl, api_key: 'sk-narrow', models: [{ model: 'sim-narrow', upstream_name: 'sim-chat' }], requests_per_minute: 6 } });
  const ask = async (by: TestUser, conversation: string): Promise<number> =>
    (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: by.token, body: { model: 'sim-narrow', content: '你好' } })).status;
  const flood = async (): Promise<number> => ask(user, await makeConversation(platform.api, user));
  await eventually(flood, (status) => status === 429);
  const other = await logIn(platform, tenant, 'other');
  const conversation = await makeConversation(platform.api, other);
  expect([await flood(), await ask(other, conversation)]).toEqual([429, 200]);
}, 30_000);
