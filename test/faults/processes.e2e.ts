import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { Platform, type Node } from '../kit/platform.js';
import { keptBytes, wordsOf } from '../kit/sse-reader.js';
import type { StreamedAnswer } from '../kit/streamed-answer.js';
import { scripted, upstreamCounters } from '../kit/upstream-script.js';

/** A run that a crash left must reach a clear state within this. */
const CLEAR_MS = 30_000;

let platform: Platform;
let user: TestUser;
let conversation: string;

beforeEach(async () => {
  platform = await Platform.start({ role: 'api' });
  user = await logIn(platform, await makeTenant(platform, await admin(platform)));
  conversation = await makeConversation(platform.api, user);
});
afterEach(async () => platform.stop());

const send = (content: string, node: Node = platform.node): Promise<StreamedAnswer> =>
  node.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content } });
const runState = (id: string) => platform.api.ok('GET', `/v1/runs/${id}`, { token: user.token });
const newestAnswer = async () => (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data[0];

describe('processes that die, freeze or go', () => {
  it('a worker killed in mid-answer: the run ends as failed with exactly the words that were shown', async () => {
    const worker = await platform.spawn('worker');
    const stream = await send(scripted({ tokens: 400, gapMs: 30 }));
    const shown = await stream.until((event) => event.data.seq === 10);
    await worker.kill();
    const killedAt = performance.now();
    await platform.spawn('worker');
    const rest = await stream.all();
    expect(performance.now() - killedAt).toBeLessThan(CLEAR_MS);
    expect(rest.at(-1)).toMatchObject({ event: 'error', data: { code: 'unavailable' } });
    const events = [...shown, ...rest];
    expect(events.map((event) => event.data.seq)).toEqual(events.map((_, index) => index + 1));
    expect(await newestAnswer()).toMatchObject({ state: 'failed', error_code: 'unavailable', content: wordsOf(events) });
    expect(wordsOf(await (await send(scripted({ text: '好的' }))).all())).toBe('好的');
  }, 60_000);

  it('a worker killed before the first word: another one begins anew, and the answer is whole', async () => {
    const worker = await platform.spawn('worker');
    const before = (await upstreamCounters(platform))['started'] ?? 0;
    const stream = await send(scripted({ text: '完整的回答', firstTokenMs: 4_000 }));
    await stream.until((event) => event.event === 'started');
    await upstreamCounters(platform, `?wait=started&atLeast=${before + 1}&timeoutMs=5000`);
    await worker.kill();
    await platform.spawn('worker');
    const events = await stream.all();
    expect(wordsOf(events)).toBe('完整的回答');
    expect(await runState(stream.runId)).toMatchObject({ state: 'finished' });
  }, 60_000);

  it('a process that is api and worker, killed before the first word of an answer that it began at once: another one begins anew', async () => {
    const both = await platform.spawn('all');
    const before = (await upstreamCounters(platform))['started'] ?? 0;
    const stream = await send(scripted({ text: '完整的回答', firstTokenMs: 6_000 }), both);
    await stream.until((event) => event.event === 'started');
    await upstreamCounters(platform, `?wait=started&atLeast=${before + 1}&timeoutMs=5000`);
    await both.kill();
    const killedAt = performance.now();
    await platform.spawn('worker');
    const rest = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse`, { token: user.token });
    expect(wordsOf(await rest.all())).toBe('完整的回答');
    expect(performance.now() - killedAt).toBeLessThan(CLEAR_MS + 6_000);
    expect(await runState(stream.runId)).toMatchObject({ state: 'finished' });
  }, 60_000);

  it('two apis and two workers: the api that did not accept it serves the stream, also when the worker dies under it', async () => {
    const other = await platform.spawn('api');
    const workers = [await platform.spawn('worker'), await platform.spawn('worker')];
    const accepted = await send(scripted({ tokens: 400, gapMs: 30 }));
    const served = await other.api.stream('GET', `/v1/runs/${accepted.runId}/stream?format=sse`, { token: user.token });
    const shown = await served.until((event) => event.data.seq === 10);
    const busy = await Promise.all(workers.map(async (worker) => (await metricOf(worker, 'bailiao_active_runs')) === 1));
    expect(busy.filter(Boolean)).toHaveLength(1);
    await workers[busy.indexOf(true)]?.kill();
    const events = [...shown, ...(await served.all())];
    expect(events.map((event) => event.data.seq)).toEqual(events.map((_, index) => index + 1));
    expect(events.at(-1)).toMatchObject({ event: 'error', data: { code: 'unavailable' } });
    expect(keptBytes(await accepted.all())).toEqual(keptBytes(events));
    expect(await newestAnswer()).toMatchObject({ state: 'failed', content: wordsOf(events) });
  }, 60_000);

  it('a worker frozen past its lock and thawed: nothing doubles, nothing of it is written after the end', async () => {
    const frozen = await platform.spawn('worker');
    const stream = await send(scripted({ tokens: 300, gapMs: 30 }));
    const shown = await stream.until((event) => event.data.seq === 8);
    frozen.freeze();
    await platform.spawn('worker');
    const events = [...shown, ...(await stream.all())];
    const stored = await newestAnswer();
    frozen.thaw();
    await eventually(() => upstreamCounters(platform), (counters) => counters['openStreams'] === 0);
    expect(stored).toMatchObject({ state: 'failed', content: wordsOf(events) });
    expect(await newestAnswer()).toEqual(stored);
    const again = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse`, { token: user.token });
    expect(keptBytes(await again.all())).toBe(keptBytes(events));
  }, 60_000);

  it('an api node killed in mid-answer: another one gives the rest, byte for byte', async () => {
    await platform.spawn('worker');
    const dying = await platform.spawn('api');
    const stream = await send(scripted({ tokens: 60, gapMs: 20 }), dying);
    const shown = await stream.until((event) => event.data.seq === 12);
    const witness = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse`, { token: user.token });
    await dying.kill();
    const rest = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse&after=12`, { token: user.token });
    const [whole, restEvents] = await Promise.all([witness.all(), rest.all()]);
    expect(keptBytes(shown) + keptBytes(restEvents)).toBe(keptBytes(whole));
    expect(whole.at(-1)?.event).toBe('done');
  });

  it('a message waits for a worker that is not there yet', async () => {
    const stream = await send(scripted({ text: '来了' }));
    await platform.spawn('worker');
    expect(wordsOf(await stream.all())).toBe('来了');
  });

  it('a queued run is stopped before any worker takes it', async () => {
    const stream = await send(scripted({ text: '不该出现' }));
    await platform.api.ok('POST', `/v1/runs/${stream.runId}/stop`, { token: user.token });
    expect((await stream.all()).map((event) => event.event)).toEqual(['queued', 'done']);
    await platform.spawn('worker');
    expect(wordsOf(await (await send(scripted({ text: '下一个' }))).all())).toBe('下一个');
    expect(await runState(stream.runId)).toMatchObject({ state: 'stopped', completion_tokens: 0 });
  });

  it('Redis emptied in mid-answer: the run ends in a clear state, and the next message is served', async () => {
    await platform.spawn('worker');
    const stream = await send(scripted({ tokens: 400, gapMs: 30 }));
    await stream.until((event) => event.data.seq === 10);
    const redis = new Redis(platform.redisUrl);
    await redis.flushdb();
    redis.disconnect();
    const rest = await stream.all();
    expect(rest.at(-1)).toMatchObject({ event: 'error', data: { code: 'unavailable' } });
    expect(await newestAnswer()).toMatchObject({ state: 'failed' });
    expect(wordsOf(await (await send(scripted({ text: '继续' }))).all())).toBe('继续');
  }, 60_000);

  it('Redis emptied while a run waits: nobody knows whether its question was judged, and it is neither title nor export', async () => {
    const stream = await send(scripted({ text: '不该出现' }, '被忘之问'));
    const redis = new Redis(platform.redisUrl);
    await redis.flushdb();
    redis.disconnect();
    await platform.spawn('worker');
    await eventually(() => runState(stream.runId), ({ state }) => state === 'failed', CLEAR_MS);
    const { data } = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
    expect((data as { role: string; state: string }[]).map(({ role, state }) => [role, state])).toEqual([['assistant', 'failed'], ['user', 'unjudged']]);
    expect((await platform.api.ok('GET', `/v1/conversations/${conversation}`, { token: user.token })).title).toBeNull();
    for (const path of [`/v1/conversations/${conversation}/export`, '/v1/me/export']) expect((await platform.api.get(path, { token: user.token })).text).not.toContain('被忘之问');
  }, 60_000);

  it('a worker that is told to go lets its answer end, and exits cleanly', async () => {
    const worker = await platform.spawn('worker', { SHUTDOWN_GRACE_MS: '10000' });
    const stream = await send(scripted({ tokens: 40, gapMs: 20 }));
    await stream.until((event) => event.event === 'delta');
    const code = worker.stop();
    expect((await stream.all()).at(-1)?.event).toBe('done');
    expect(await code).toBe(0);
  });

  it('a worker that is told to go hands over what has shown nothing, and ends what outlasts the grace', async () => {
    const worker = await platform.spawn('worker', { SHUTDOWN_GRACE_MS: '300' });
    const spoken = await send(scripted({ tokens: 1_000, gapMs: 30 }));
    await spoken.until((event) => event.event === 'delta');
    const silentConversation = await makeConversation(platform.api, user);
    const silent = await platform.api.stream('POST', `/v1/conversations/${silentConversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ text: '接手', firstTokenMs: 3_000 }) } });
    await silent.until((event) => event.event === 'started');
    const heir = platform.spawn('worker');
    expect(await worker.stop()).toBe(0);
    expect((await spoken.all()).at(-1)).toMatchObject({ event: 'error', data: { code: 'unavailable' } });
    await heir;
    expect(wordsOf(await silent.all())).toBe('接手');
  }, 60_000);

  it('an api node that is told to go stops taking requests and ends', async () => {
    await platform.spawn('worker');
    const leaving = await platform.spawn('api', { SHUTDOWN_GRACE_MS: '5000' });
    const stream = await send(scripted({ tokens: 30, gapMs: 20 }), leaving);
    await stream.until((event) => event.event === 'delta');
    const code = leaving.stop();
    expect((await stream.all()).at(-1)?.event).toBe('done');
    expect(await code).toBe(0);
  });
});
