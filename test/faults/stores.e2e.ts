import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { scripted } from '../kit/upstream-script.js';

/** New work must be refused within this while a store is away. */
const CLEAR_REFUSAL_MS = 3_500;
const AWAY_MS = 8_000;

let platform: Platform;
let user: TestUser;
let conversation: string;

beforeEach(async () => {
  platform = await Platform.start();
  user = await logIn(platform, await makeTenant(platform, await admin(platform)));
  conversation = await makeConversation(platform.api, user);
});
afterEach(async () => platform.stop());

const send = (content: string, chat = conversation) => platform.api.stream('POST', `/v1/conversations/${chat}/messages?format=sse`, { token: user.token, body: { content } });

async function refusedClearly(chat: string): Promise<void> {
  await refused(`/v1/conversations/${chat}/messages`, { content: '在吗' });
}

async function refused(path: string, body: Record<string, unknown>): Promise<void> {
  const from = performance.now();
  const answer = await platform.api.post(path, body, { token: user.token });
  expect(performance.now() - from).toBeLessThan(CLEAR_REFUSAL_MS);
  expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
  expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
}

/** PostgreSQL as good as gone for this platform: connections are ended and no new ones taken. */
async function cutPostgres(): Promise<() => Promise<void>> {
  const name = new URL(platform.databaseUrl).pathname.slice(1);
  await platform.onServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
  await platform.onServer('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  return async () => {
    await platform.onServer(`ALTER DATABASE ${name} ALLOW_CONNECTIONS true`);
  };
}

describe('a store that goes away', () => {
  it('PostgreSQL: new work is refused clearly, a running answer is whole and stored once it is back', async () => {
    const other = await makeConversation(platform.api, user);
    const stream = await send(scripted({ tokens: 40, gapMs: 20 }));
    const shown = await stream.until((event) => event.event === 'delta');
    const back = await cutPostgres();
    await refusedClearly(other);
    expect((await platform.api.get('/readyz')).status).toBe(503);
    await back();
    const events = [...shown, ...(await stream.all())];
    expect(events.at(-1)?.event).toBe('done');
    const { data } = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
    expect(data[0]).toMatchObject({ state: 'complete', content: wordsOf(events) });
    expect(wordsOf(await (await send(scripted({ text: '回来了' }), other)).all())).toBe('回来了');
  });

  it('Redis that does not answer: new work is refused clearly, nothing hangs, and all goes on afterwards', async () => {
    const other = await makeConversation(platform.api, user);
    const redis = new Redis(platform.redisUrl);
    await redis.call('CLIENT', 'PAUSE', String(AWAY_MS), 'ALL');
    // One that reads a history first, and one whose run is open by the time that Redis is needed.
    await Promise.all([refusedClearly(other), refused('/v1/chat/completions', { messages: [{ role: 'user', content: '在吗' }] })]);
    await eventually(async () => (await platform.api.ok('GET', '/v1/wallet', { token: user.token })).held as number, (held) => held === 0);
    const ready = await platform.api.get('/readyz');
    expect(ready).toMatchObject({ status: 503, body: { checks: { redis: 'failed', postgres: 'ok' } } });
    await redis.ping();
    redis.disconnect();
    await eventually(() => platform.api.get('/readyz'), (answer) => answer.status === 200);
    const again = await eventually(() => send(scripted({ text: '好了' }), other), (answer) => answer.status === 200);
    expect(wordsOf(await again.all())).toBe('好了');
  }, 40_000);

  it('Redis away for 20 s under load: new messages are refused clearly, running answers end, nothing is stuck and no credit stays held', async () => {
    const chats = await Promise.all(Array.from({ length: 20 }, () => makeConversation(platform.api, user)));
    const streams = await Promise.all(chats.map((chat) => send(scripted({ tokens: 300, gapMs: 20 }), chat)));
    await Promise.all(streams.map((stream) => stream.until((event) => event.event === 'delta')));
    const redis = new Redis(platform.redisUrl);
    await redis.call('CLIENT', 'PAUSE', '20000', 'ALL');
    // Whoever asks later might still be answered: Redis is back before the patience of a request ends.
    const until = performance.now() + 20_000 - CLEAR_REFUSAL_MS;
    let refusals = 0;
    while (performance.now() < until) {
      await refusedClearly(conversation);
      refusals += 1;
    }
    expect(refusals).toBeGreaterThan(3);
    await redis.ping();
    redis.disconnect();
    for (const stream of streams) expect(['done', 'error']).toContain((await stream.all()).at(-1)?.event);
    const states = async () => Promise.all(streams.map(async ({ runId }) => (await platform.api.ok('GET', `/v1/runs/${runId}`, { token: user.token })).state as string));
    expect(await eventually(states, (all) => all.every((state) => state !== 'opened'), 30_000)).not.toContain('opened');
    await eventually(async () => (await platform.api.ok('GET', '/v1/wallet', { token: user.token })).held as number, (held) => held === 0, 30_000);
    const again = await eventually(() => send(scripted({ text: '好了' }), conversation), (answer) => answer.status === 200);
    expect(wordsOf(await again.all())).toBe('好了');
  }, 120_000);

  it('connections to Redis that break: a running answer ends well or clearly, and the next one is served', async () => {
    const stream = await send(scripted({ tokens: 60, gapMs: 20 }));
    await stream.until((event) => event.event === 'delta');
    const redis = new Redis(platform.redisUrl);
    for (const type of ['normal', 'pubsub']) await redis.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes');
    redis.disconnect();
    const last = (await stream.all()).at(-1);
    expect(['done', 'error']).toContain(last?.event);
    const next = await eventually(() => send(scripted({ text: '下一个' })), (answer) => answer.status === 200, 30_000);
    expect(wordsOf(await next.all())).toBe('下一个');
  }, 60_000);
});
