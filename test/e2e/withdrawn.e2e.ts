import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { complete, say, told, words } from '../kit/asking.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { listWords, setPolicy } from '../kit/moderation.js';
import { Platform } from '../kit/platform.js';
import { Reviewer } from '../kit/reviewing.js';
import { scripted, unseen, upstreamRequests } from '../kit/upstream-script.js';
import { judgeTextsBy } from '../kit/wechat-script.js';

let platform: Platform;
let staff: string;
let next = 0;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

const GONE = '此回答已撤下';
const BAD = '可疑丁在这里';

interface Scene {
  readonly tenant: TestTenant;
  readonly user: TestUser;
  readonly anna: Reviewer;
}

/** A tenant whose lists want a person to look at a word, and whose answers are stored for all its users. */
async function scene(): Promise<Scene> {
  const tenant = await makeTenant(platform, staff, { settings: { response_cache_seconds: 3_600, response_cache_scope: 'tenant', response_cache_chats: true } });
  await listWords(platform, staff, tenant, [{ text: '可疑丁', action: 'review' }]);
  await setPolicy(platform, staff, tenant, { texts: { recalled: GONE } });
  return { tenant, user: await someone(tenant), anna: new Reviewer(platform, tenant, staff) };
}

const someone = (tenant: TestTenant): Promise<TestUser> => logIn(platform, tenant, `w-${(next += 1)}`);
const messagesOf = async (user: TestUser, conversation: string) => (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;
const text = async (user: TestUser, path: string): Promise<string> => (await platform.api.get(path, { token: user.token })).text;
const titleOf = async (user: TestUser, conversation: string): Promise<string | null> => (await platform.api.ok('GET', `/v1/conversations/${conversation}`, { token: user.token })).title;
const regenerate = async (user: TestUser, answer: string) => platform.api.stream('POST', `/v1/messages/${answer}/regenerate?format=sse`, { token: user.token, body: {} });
const streamOf = async (user: TestUser, run: string, query: string) => (await platform.api.stream('GET', `/v1/runs/${run}/stream?${query}`, { token: user.token })).all();

/** A person rejects what the judgement of this stage put into the queue. */
async function reject(anna: Reviewer, kind: 'input' | 'output', run?: string): Promise<void> {
  const found = (page: { data: { id: string; run_id: string }[] }): { id: string } | undefined => page.data.find((each) => run === undefined || each.run_id === run);
  const page = await eventually(() => anna.get(`reviews?kind=${kind}`), (each) => found(each) !== undefined);
  await anna.decide(found(page)?.id ?? '', 'reject', '不能保留');
}

describe('an answer that a reviewer rejects', () => {
  it('leaves history, exports, resumed streams and titles, and is never context again', async () => {
    const { user, anna } = await scene();
    // A greeting's title is made of the answer.
    const question = unseen({ text: `${BAD}。还有下文` }, '你好');
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: question } });
    const seen = await stream.all();
    expect((await messagesOf(user, conversation))[0]).toMatchObject({ state: 'complete', content: `${BAD}。还有下文` });
    await reject(anna, 'output');
    const [answer, asked] = await eventually(() => messagesOf(user, conversation), ([newest]) => newest.state === 'recalled');
    expect([answer.content, answer.finish_reason, answer.run_id, asked.content]).toEqual([GONE, 'content_filter', stream.runId, question]);

    const exports = await Promise.all([...['md', 'txt', 'json'].map((format) => `/v1/conversations/${conversation}/export?format=${format}`), '/v1/me/export', `/v1/conversations/${conversation}`].map((path) => text(user, path)));
    for (const each of exports) expect([each.includes('可疑丁'), each.includes(conversation)]).toEqual([false, true]);
    expect(exports.slice(0, 4).every((each) => each.includes(GONE))).toBe(true);

    const whole = await streamOf(user, stream.runId, 'format=sse');
    expect(whole.map(({ data }) => data.seq)).toEqual(seen.map(({ data }) => data.seq));
    expect(whole.map(({ raw }) => raw).join('')).not.toMatch(/可疑|下文/);
    expect(whole.find(({ event }) => event === 'recall')?.data.replace).toBe(GONE);
    expect(whole.at(-1)).toMatchObject({ event: 'done', data: { finish_reason: 'content_filter' } });
    for (const format of ['openai', 'wxapp']) expect(await text(user, `/v1/runs/${stream.runId}/stream?format=${format}`)).not.toContain('可疑丁');

    await say(platform.api, user, scripted({ text: '好' }, '接着说'), conversation);
    expect(JSON.stringify((await upstreamRequests(platform)).at(-1)?.messages)).not.toContain('可疑丁');
  });

  it('takes back what one who had read a part of it was told', async () => {
    const { user, anna } = await scene();
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: unseen({ text: `${BAD}，话很长很长，一句一句慢慢地说，说了很久很久也没有说完，还要接着往下说`, gapMs: 40 }) } });
    const seen = (await stream.all()).filter(({ event }) => event === 'delta');
    expect(seen.length).toBeGreaterThan(2);
    await reject(anna, 'output');
    await eventually(() => messagesOf(user, conversation), ([newest]) => newest.state === 'recalled');
    const rest = await streamOf(user, stream.runId, `format=sse&after=${seen[0]?.data.seq}`);
    expect(rest.find(({ event }) => event === 'recall')?.data).toMatchObject({ from_seq: seen[0]?.data.seq, replace: GONE });
  });

  it('is taken back also where another answer has replaced it, and leaves that one alone', async () => {
    const { user, anna } = await scene();
    const { conversation } = await say(platform.api, user, unseen({ text: BAD }));
    const [former] = await messagesOf(user, conversation);
    await (await platform.api.stream('POST', `/v1/messages/${former.id}/regenerate?format=sse`, { token: user.token, body: {} })).all();
    const [newest] = await messagesOf(user, conversation);
    expect(newest.alternatives).toMatchObject([{ id: former.id, content: BAD }]);
    await reject(anna, 'output', former.run_id as string);
    const [after] = await eventually(() => messagesOf(user, conversation), ([answer]) => answer.alternatives[0].state === 'recalled');
    expect([after.alternatives[0].content, after.content, after.state]).toEqual([GONE, BAD, 'complete']);
  });

  it('is not given to anybody from the store, in a chat or as a completion, and other answers are', async () => {
    const { tenant, user, anna } = await scene();
    const [bad, fine] = [unseen({ text: BAD }), scripted({ text: '没问题' })];
    await complete(platform.api, user, fine);
    const first = await complete(platform.api, user, bad, {}, { 'idempotency-key': 'once' });
    expect([told(await complete(platform.api, await someone(tenant), bad)), words(first)]).toEqual([[200, 'hit'], BAD]);
    const chat = await say(platform.api, user, bad);
    const [run] = await platform.sql<{ id: string }>('SELECT id FROM runs WHERE user_id = $1 AND conversation_id IS NULL ORDER BY id DESC LIMIT 1', [user.id]);
    await reject(anna, 'output', run?.id);
    await eventually(async () => platform.sql<{ left: number }>('SELECT count(*)::int AS left FROM facts WHERE delivered_at IS NULL'), ([row]) => row?.left === 0);
    expect(told(await complete(platform.api, await someone(tenant), bad))).toEqual([200, 'miss']);
    expect(told(await complete(platform.api, await someone(tenant), fine))).toEqual([200, 'hit']);
    expect(words(await complete(platform.api, user, bad, {}, { 'idempotency-key': 'once' }))).not.toContain('可疑丁');
    expect(await text(user, `/v1/runs/${run?.id}/stream?format=sse`)).not.toContain('可疑丁');
    // Somebody looked at the completion; the chat's own answer waits for a look of its own.
    expect((await messagesOf(user, chat.conversation))[0].state).toBe('complete');
    await reject(anna, 'output', (await messagesOf(user, chat.conversation))[0].run_id as string);
    await eventually(() => messagesOf(user, chat.conversation), ([newest]) => newest.state === 'recalled');
    expect((await say(platform.api, await someone(tenant), bad)).cache).toBe('miss');
  });

  it('is taken away soon after its end, however long it goes on after the decision, and nobody counts the waiting as a failure', async () => {
    const { tenant, user, anna } = await scene();
    await judgeTextsBy(platform, tenant, [{ keyword: '看看庚', suggest: 'review' }]);
    const conversation = await makeConversation(platform.api, user);
    const long = `看看庚在这里。${'话很长，慢慢说，一句一句地说，说了很久很久。'.repeat(16)}`;
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: unseen({ text: long, gapMs: 60 }) } });
    const ended = stream.all().then(() => performance.now());
    await reject(anna, 'output', stream.runId);
    const decided = performance.now();
    const end = await ended;
    expect(end - decided).toBeGreaterThan(5_000);
    await eventually(() => messagesOf(user, conversation), ([newest]) => newest.state === 'recalled', 30_000);
    expect(performance.now() - end).toBeLessThan(4_000);
    expect(await metricOf(platform, 'bailiao_fact_failures_total')).toBeUndefined();
  }, 60_000);

  it('stays where a reviewer finds it right', async () => {
    const { user, anna } = await scene();
    const { conversation } = await say(platform.api, user, unseen({ text: BAD }));
    const page = await eventually(() => anna.get('reviews?kind=output'), ({ data }) => data.length > 0);
    await anna.decide(page.data[0].id as string, 'approve');
    expect((await messagesOf(user, conversation))[0]).toMatchObject({ state: 'complete', content: BAD });
    expect(await platform.sql('SELECT 1 FROM facts WHERE tenant_id = $1', [user.tenant.id])).toEqual([]);
  });
});

describe('a question that a reviewer rejects', () => {
  it('leaves history, exports and title, is no context, and can not be asked again by its answer', async () => {
    const { user, anna } = await scene();
    const { conversation } = await say(platform.api, user, scripted({ text: '回答' }, '可疑丁怎么样'));
    const before = await platform.api.ok('GET', `/v1/conversations/${conversation}`, { token: user.token });
    expect(before.title).toContain('可疑丁');
    await reject(anna, 'input');
    const [answer, asked] = await eventually(() => messagesOf(user, conversation), ([, question]) => question.state === 'refused');
    expect([asked.content, answer.content, answer.state]).toEqual(['', '回答', 'complete']);
    for (const path of [`/v1/conversations/${conversation}`, `/v1/conversations/${conversation}/export?format=json`, '/v1/me/export']) expect([path, (await text(user, path)).includes('可疑丁')]).toEqual([path, false]);
    expect((await platform.api.post(`/v1/messages/${answer.id}/regenerate`, {}, { token: user.token })).status).toBe(409);
    await say(platform.api, user, scripted({ text: '好' }, '接着说'), conversation);
    expect(JSON.stringify((await upstreamRequests(platform)).at(-1)?.messages)).not.toContain('可疑丁');
    expect((await platform.sql<{ count: number }>('SELECT count(*)::int AS count FROM offences WHERE user_id = $1', [user.id]))[0]?.count).toBe(1);
  });

  it('gives no title either where its answer is being made again meanwhile', async () => {
    const { user, anna } = await scene();
    const { conversation } = await say(platform.api, user, scripted({ text: '回答', firstTokenMs: 4_000 }, '可疑丁又怎么样'));
    const [answer] = await messagesOf(user, conversation);
    const again = await regenerate(user, answer.id);
    await reject(anna, 'input', answer.run_id);
    expect(await eventually(() => titleOf(user, conversation), (title) => title === null)).toBeNull();
    expect((await platform.api.ok('GET', `/v1/runs/${again.runId}`, { token: user.token })).state).toBe('opened');
    expect((await again.all()).at(-1)?.event).toBe('done');
    expect((await messagesOf(user, conversation)).map(({ state, content }: { state: string; content: string }) => [state, content])).toEqual([['complete', '回答'], ['refused', '']]);
    expect(await titleOf(user, conversation)).toBeNull();
    await say(platform.api, user, scripted({ text: '好' }, '另一个话题'), conversation);
    expect(await titleOf(user, conversation)).toContain('另一个话题');
  }, 30_000);
});

describe('a question that is refused when it is asked again', () => {
  const WORD = '后来己';
  /** What finds it, only from the second time on. */
  const finders: readonly [string, (tenant: TestTenant) => Promise<unknown>][] = [
    ['a list with a fixed reply', (tenant) => listWords(platform, staff, tenant, [{ text: WORD, action: 'answer' }])],
    ['WeChat', async (tenant) => {
      await judgeTextsBy(platform, tenant, [{ keyword: WORD }]);
      await setPolicy(platform, staff, tenant, { input: { wechat: { mode: 'on' } } });
    }],
  ];

  async function asked(): Promise<{ readonly tenant: TestTenant; readonly user: TestUser; readonly conversation: string }> {
    const { tenant, user } = await scene();
    await setPolicy(platform, staff, tenant, { input: { wechat: { mode: 'off' } } });
    const { conversation } = await say(platform.api, user, scripted({ text: '回答', firstTokenMs: 50 }, `说说${WORD}。`));
    expect(await titleOf(user, conversation)).toContain(WORD);
    return { tenant, user, conversation };
  }

  async function askAgain(user: TestUser, conversation: string): Promise<void> {
    await (await regenerate(user, (await messagesOf(user, conversation))[0].id)).all();
    expect((await messagesOf(user, conversation)).at(-1)).toMatchObject({ state: 'refused', content: '' });
  }

  it.each(finders)('by %s leaves the title, too', async (_, find) => {
    const { tenant, user, conversation } = await asked();
    await find(tenant);
    await askAgain(user, conversation);
    expect(await titleOf(user, conversation)).toBeNull();
    for (const path of ['/v1/conversations', ...['md', 'txt', 'json'].map((format) => `/v1/conversations/${conversation}/export?format=${format}`), '/v1/me/export']) {
      expect([path, (await text(user, path)).includes(WORD)]).toEqual([path, false]);
    }
  });

  it.each(finders)('by %s leaves the title alone that the user chose', async (_, find) => {
    const { tenant, user, conversation } = await asked();
    await platform.api.ok('PATCH', `/v1/conversations/${conversation}`, { token: user.token, body: { title: '我的标题' } });
    await find(tenant);
    await askAgain(user, conversation);
    expect(await titleOf(user, conversation)).toBe('我的标题');
  });
});
