import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { keptBytes, wordsOf } from '../kit/sse-reader.js';
import { scripted, upstreamCounters } from '../kit/upstream-script.js';

let platform: Platform;
let tenant: TestTenant;
let user: TestUser;

beforeAll(async () => {
  platform = await Platform.start();
  tenant = await makeTenant(platform, await admin(platform));
  user = await logIn(platform, tenant);
});
afterAll(async () => platform.stop());

const send = (conversation: string, content: string, headers: Record<string, string> = {}) =>
  platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content }, headers });

describe('a message from end to end', () => {
  it('streams the answer and keeps it', async () => {
    const conversation = await makeConversation(platform.api, user);
    const stream = await send(conversation, scripted({ text: '春眠不觉晓，处处闻啼鸟。😀' }, '背一首诗'));
    const events = await stream.all();
    expect(events.map((event) => event.event)).toEqual(['started', ...events.filter((e) => e.event === 'delta').map(() => 'delta'), 'done']);
    expect(events.map((event) => event.data.seq)).toEqual(events.map((_, index) => index + 1));
    expect(wordsOf(events)).toBe('春眠不觉晓，处处闻啼鸟。😀');
    const { data } = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
    expect(data.map((message: { role: string }) => message.role)).toEqual(['assistant', 'user']);
    expect(data[0]).toMatchObject({ content: '春眠不觉晓，处处闻啼鸟。😀', state: 'complete', finish_reason: 'stop', run_id: stream.runId, alternatives: [] });
    expect(events.at(-1)?.data.usage.total_tokens).toBe(events.at(-1)?.data.usage.prompt_tokens + events.at(-1)?.data.usage.completion_tokens);
  });

  it('titles the conversation from its first exchange', async () => {
    const conversation = await makeConversation(platform.api, user);
    await (await send(conversation, `怎么做红烧肉？${scripted({ tokens: 2 })}`)).all();
    expect((await platform.api.ok('GET', `/v1/conversations/${conversation}`, { token: user.token })).title).toBe('怎么做红烧肉');
  });

  it('gives a client that left the rest, byte for byte, live and afterwards', async () => {
    const conversation = await makeConversation(platform.api, user);
    const whole = await send(conversation, scripted({ tokens: 40, gapMs: 20 }));
    const first = await whole.until((event) => event.data.seq === 5);
    const live = await platform.api.stream('GET', `/v1/runs/${whole.runId}/stream?format=sse&after=3`, { token: user.token });
    const [rest, liveEvents] = await Promise.all([whole.all(), live.all()]);
    const expected = keptBytes([...first, ...rest].filter((event) => event.data.seq > 3));
    expect(keptBytes(liveEvents)).toBe(expected);
    const late = await platform.api.stream('GET', `/v1/runs/${whole.runId}/stream?format=sse`, { token: user.token, headers: { 'last-event-id': '3' } });
    expect(keptBytes(await late.all())).toBe(expected);
    const end = String(rest.at(-1)?.id);
    expect((await platform.api.get(`/v1/runs/${whole.runId}/stream?format=sse`, { token: user.token, headers: { 'last-event-id': end } })).status).toBe(204);
  });

  it('goes on when the client is gone, and has the words afterwards', async () => {
    const conversation = await makeConversation(platform.api, user);
    const stream = await send(conversation, scripted({ text: '一二三四五六七八九十', gapMs: 30 }));
    await stream.until((event) => event.event === 'delta');
    stream.leave();
    const run = await eventually(() => platform.api.ok('GET', `/v1/runs/${stream.runId}`, { token: user.token }), (answer) => answer.state !== 'opened');
    expect(run).toMatchObject({ state: 'finished', finish_reason: 'stop' });
    const { data } = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
    expect(data[0].content).toBe('一二三四五六七八九十');
  });

  it('refuses a second answer in a conversation while one is running', async () => {
    const conversation = await makeConversation(platform.api, user);
    const stream = await send(conversation, scripted({ tokens: 200, gapMs: 30 }));
    await stream.until((event) => event.event === 'started');
    const second = await platform.api.post(`/v1/conversations/${conversation}/messages`, { content: '再来' }, { token: user.token });
    expect(second).toMatchObject({ status: 409, body: { error: { code: 'conflict', param: 'conversation_id' } } });
    await platform.api.ok('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token });
    expect((await stream.all()).at(-1)).toMatchObject({ event: 'done', data: { finish_reason: 'stopped' } });
  });

  it('stops: the words so far stay, the upstream is left, the next message is served', async () => {
    const conversation = await makeConversation(platform.api, user);
    const before = (await upstreamCounters(platform))['aborted'] ?? 0;
    const stream = await send(conversation, scripted({ tokens: 500, gapMs: 20 }));
    const shown = await stream.until((event) => event.data.seq === 6);
    await platform.api.ok('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token });
    await platform.api.ok('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token });
    const rest = await stream.all();
    await upstreamCounters(platform, `?wait=aborted&atLeast=${before + 1}&timeoutMs=5000`);
    const { data } = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
    expect(data[0]).toMatchObject({ state: 'stopped', finish_reason: 'stopped', content: wordsOf([...shown, ...rest]) });
    expect(wordsOf(await (await send(conversation, scripted({ text: '好' }))).all())).toBe('好');
  });

  it('makes the newest answer again and keeps the former as an alternative', async () => {
    const conversation = await makeConversation(platform.api, user);
    await (await send(conversation, scripted({ text: '第一次' }))).all();
    const [first] = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;
    const again = await platform.api.stream('POST', `/v1/messages/${first.id}/regenerate?format=sse`, { token: user.token });
    await again.all();
    const { data } = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
    expect(data).toHaveLength(2);
    expect(data[0].id).not.toBe(first.id);
    expect(data[0].alternatives).toMatchObject([{ id: first.id, content: '第一次' }]);
    const former = await platform.api.post(`/v1/messages/${first.id}/regenerate`, undefined, { token: user.token });
    expect(former.status).toBe(409);
  });

  it('gives the same run for the same Idempotency-Key, and refuses the key for something else', async () => {
    const conversation = await makeConversation(platform.api, user);
    const content = scripted({ text: '只答一次' });
    const key = { 'idempotency-key': 'k-1' };
    const one = await send(conversation, content, key);
    const events = await one.all();
    const two = await send(conversation, content, key);
    expect(two.runId).toBe(one.runId);
    expect(keptBytes(await two.all())).toBe(keptBytes(events));
    const other = await platform.api.post(`/v1/conversations/${conversation}/messages`, { content: '另一个' }, { token: user.token, headers: key });
    expect(other).toMatchObject({ status: 409, body: { error: { param: 'Idempotency-Key' } } });
    const { data } = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
    expect(data).toHaveLength(2);
  });

  it('opens one run when the same key comes many times at once', async () => {
    const conversation = await makeConversation(platform.api, user);
    const content = scripted({ tokens: 3 });
    const streams = await Promise.all(Array.from({ length: 12 }, () => send(conversation, content, { 'idempotency-key': 'k-many' })));
    expect(new Set(streams.map((stream) => stream.runId)).size).toBe(1);
    const bytes = await Promise.all(streams.map(async (stream) => keptBytes(await stream.all())));
    expect(new Set(bytes).size).toBe(1);
  });

  it('opens one run when many messages come at once', async () => {
    const conversation = await makeConversation(platform.api, user);
    const answers = await Promise.all(Array.from({ length: 12 }, () => send(conversation, scripted({ tokens: 2, firstTokenMs: 500 }))));
    const statuses = answers.map((answer) => answer.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 409)).toHaveLength(11);
    await Promise.all(answers.map((answer) => answer.ended()));
  });
});
