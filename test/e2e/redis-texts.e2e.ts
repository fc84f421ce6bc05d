import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { setPolicy } from '../kit/moderation.js';
import { Platform, type Node } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import type { StreamedAnswer } from '../kit/streamed-answer.js';
import { scripted, unseen, upstreamRequests } from '../kit/upstream-script.js';
import { judgeTextsBy } from '../kit/wechat-script.js';

/** Answers come through Redis: the process that answers clients is none that asks models. */
let platform: Platform;
let staff: string;
let redis: Redis;
let worker: Node | undefined;

beforeAll(async () => {
  platform = await Platform.start({ role: 'api' });
  staff = await admin(platform);
  redis = new Redis(platform.redisUrl);
});
afterEach(async () => {
  await worker?.stop();
  worker = undefined;
});
afterAll(async () => {
  redis.disconnect();
  await platform.stop();
});

interface Talk {
  readonly tenant: TestTenant;
  readonly user: TestUser;
  readonly conversation: string;
}

async function talkOf(sealTexts: boolean, policy: object = {}): Promise<Talk> {
  const tenant = await makeTenant(platform, staff);
  await setPolicy(platform, staff, tenant, { seal_texts: sealTexts, ...policy });
  const user = await logIn(platform, tenant);
  return { tenant, user, conversation: await makeConversation(platform.api, user) };
}

const send = ({ user, conversation }: Talk, content: string): Promise<StreamedAnswer> => platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse&keep=true`, { token: user.token, body: { content } });

/** What the values of Redis hold, as far as they are of this tenant. */
async function kept({ tenant }: Talk): Promise<string> {
  const values: unknown[] = [];
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key);
    if (type === 'string') values.push(await redis.get(key));
    else if (type === 'hash') values.push(await redis.hgetall(key));
    else if (type === 'list') values.push(await redis.lrange(key, 0, -1));
    else if (type === 'set') values.push(await redis.smembers(key));
    else if (type === 'zset') values.push(await redis.zrange(key, '0', '-1'));
    else if (type === 'stream') values.push(await redis.xrange(key, '-', '+'));
    values.push(key);
  }
  const all = JSON.stringify(values);
  expect(all).toContain(tenant.id);
  return all;
}
const planOf = async ({ tenant }: Talk, { runId }: StreamedAnswer): Promise<string | null> => redis.hget(`{run:${tenant.id}:${runId}}:meta`, 'plan');

describe('the texts of a conversation in Redis', () => {
  it('lie sealed where the tenant\'s texts are, from the queue to the history', async () => {
    const talk = await talkOf(true);
    const stream = await send(talk, scripted({ text: '密封的回答。就这样。', gapMs: 20 }, '密封之问'));
    expect((await stream.next())?.event).toBe('queued');
    expect(await planOf(talk, stream)).toMatch(/^v1\./);
    expect(await kept(talk)).not.toContain('密封之问');
    worker = await platform.spawn('worker');
    expect(wordsOf(await stream.all())).toBe('密封的回答。就这样。');
    const log = await redis.lrange(`{run:${talk.tenant.id}:${stream.runId}}:log`, 0, -1);
    expect([log.length > 2, log.filter((entry) => !entry.startsWith('v1.'))]).toEqual([true, []]);
    const after = await kept(talk);
    expect([after.includes('密封之问'), after.includes('密封的'), after.includes(`history:${talk.tenant.id}`)]).toEqual([false, false, true]);
    const resumed = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse`, { token: talk.user.token });
    expect(wordsOf(await resumed.all())).toBe('密封的回答。就这样。');
    const next = scripted({ text: '二' }, '下一问');
    await (await send(talk, next)).all();
    const request = (await upstreamRequests(platform)).find(({ messages }) => messages.at(-1)?.content.includes(next));
    expect(request?.messages.some(({ content }) => content === '密封的回答。就这样。')).toBe(true);
  }, 30_000);

  it('lie as they are where they are not', async () => {
    const talk = await talkOf(false);
    await send(talk, scripted({ text: '答' }, '明文之问'));
    expect(await kept(talk)).toContain('明文之问');
  });

  it.each([true, false])('are told and taken back alike, sealed: %s', async (sealed) => {
    const talk = await talkOf(sealed, { output: { gate: 'swift', wechat: { mode: 'on' } } });
    await judgeTextsBy(platform, talk.tenant, [{ keyword: '禁止之语' }]);
    worker = await platform.spawn('worker');
    const events = await (await send(talk, unseen({ text: `${'开头没有问题。'.repeat(12)}这里有禁止之语。${'后面还有话。'.repeat(40)}`, gapMs: 5 }))).all();
    expect(events.some(({ event }) => event === 'recall')).toBe(true);
    expect(await kept(talk)).not.toContain('禁止之语');
  }, 30_000);

  it('lie sealed where they are stored answers, too, and are given again', async () => {
    const talk = await talkOf(true);
    await platform.api.ok('PATCH', `/admin/v1/tenants/${talk.tenant.id}`, { token: staff, body: { settings: { response_cache_seconds: 600, response_cache_chats: true } } });
    worker = await platform.spawn('worker');
    const question = scripted({ text: '收好的回答。' }, '收好之问');
    const ask = async (): Promise<[cache: unknown, words: string]> => {
      const stream = await send({ ...talk, conversation: await makeConversation(platform.api, talk.user) }, question);
      return [stream.headers.get('x-cache'), wordsOf(await stream.all())];
    };
    expect([await ask(), await ask()]).toEqual([['miss', '收好的回答。'], ['hit', '收好的回答。']]);
    const lies = await kept(talk);
    expect(['收好的回答', '收好之问'].filter((words) => lies.includes(words))).toEqual([]);
    expect(lies).toContain(`{answers:${talk.tenant.id}}:${talk.user.id}:v1.`);
  }, 30_000);

  it('have no plan of a run that is over', async () => {
    const talk = await talkOf(false);
    const other = await talkOf(false);
    const [done, stopped] = [await send(talk, scripted({ text: '答' }, '做完之问')), await send(other, scripted({ text: '答' }))];
    expect(await planOf(talk, done)).toContain('做完之问');
    await platform.api.ok('POST', `/v1/runs/${stopped.runId}/stop`, { token: other.user.token });
    worker = await platform.spawn('worker');
    await Promise.all([done.all(), stopped.all()]);
    expect([await planOf(talk, done), await planOf(other, stopped)]).toEqual([null, null]);
  }, 30_000);
});
