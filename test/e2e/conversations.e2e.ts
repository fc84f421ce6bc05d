import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { scripted, upstreamRequests, type Behaviour } from '../kit/upstream-script.js';

let platform: Platform;
let user: TestUser;

beforeAll(async () => {
  platform = await Platform.start();
  user = await logIn(platform, await makeTenant(platform, await admin(platform), { settings: { system_prompt: '租户的提示' } }));
});
afterAll(async () => platform.stop());

async function say(conversation: string, behaviour: Behaviour, words = '你好'): Promise<string> {
  const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted(behaviour, words) } });
  return wordsOf(await stream.all());
}

/** The messages of the newest prompt that the upstream got. */
async function newestPrompt(): Promise<readonly { role: string; content: string }[]> {
  return (await upstreamRequests(platform)).at(-1)?.messages ?? [];
}

describe('conversations', () => {
  it('are named, changed and deleted by their owner', async () => {
    const made = await platform.api.ok('POST', '/v1/conversations', { token: user.token, body: { title: '标题', model: 'sim-small', system_prompt: '你是厨师' } });
    expect(made).toMatchObject({ title: '标题', model: 'sim-small', system_prompt: '你是厨师' });
    const changed = await platform.api.ok('PATCH', `/v1/conversations/${made.id}`, { token: user.token, body: { title: '新标题', system_prompt: null } });
    expect(changed).toMatchObject({ title: '新标题', model: 'sim-small', system_prompt: null });
    expect((await platform.api.call('DELETE', `/v1/conversations/${made.id}`, { token: user.token })).status).toBe(204);
    expect((await platform.api.get(`/v1/conversations/${made.id}`, { token: user.token })).status).toBe(404);
  });

  it('are listed in pages, the newest first, without gaps or doubles', async () => {
    const other = await logIn(platform, user.tenant, 'lister');
    const made = [];
    for (let at = 0; at < 23; at += 1) made.unshift(await makeConversation(platform.api, other));
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: { data: { id: string }[]; next_cursor: string | null } = await platform.api.ok('GET', `/v1/conversations?limit=5${cursor === '' ? '' : `&cursor=${cursor}`}`, { token: other.token });
      seen.push(...page.data.map((each) => each.id));
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(made);
  });

  it('end their running answer when they are deleted', async () => {
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ tokens: 500, gapMs: 20 }) } });
    await stream.until((event) => event.event === 'delta');
    expect((await platform.api.call('DELETE', `/v1/conversations/${conversation}`, { token: user.token })).status).toBe(204);
    expect((await stream.all()).at(-1)).toMatchObject({ event: 'done', data: { finish_reason: 'stopped' } });
  });

  it('of 10,000 messages open and list by an index, a page at a time', async () => {
    const conversation = await makeConversation(platform.api, user);
    await platform.sql(
      `INSERT INTO messages (tenant_id, conversation_id, position, id, role, content, tokens, tokenizer)
       SELECT $1, $2, n, gen_random_uuid(), CASE WHEN n % 2 = 1 THEN 'user' ELSE 'assistant' END, '第' || n || '条', 4, 'o200k_base' FROM generate_series(1, 10000) n`, [user.tenant.id, conversation]);
    await platform.sql('UPDATE conversations SET next_position = 10001 WHERE id = $1', [conversation]);
    await platform.sql('ANALYZE messages');
    const page = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages?limit=10`, { token: user.token });
    expect(page.data.map((message: { content: string }) => message.content)).toEqual(Array.from({ length: 10 }, (_, at) => `第${10_000 - at}条`));
    const next = await platform.api.ok('GET', `/v1/conversations/${conversation}/messages?limit=10&cursor=${page.next_cursor}`, { token: user.token });
    expect(next.data[0].content).toBe('第9990条');
    expect(await say(conversation, { text: '第10002条' })).toBe('第10002条');
    expect((await newestPrompt()).length).toBeLessThan(500);
    const plan = await platform.sql<{ 'QUERY PLAN': string }>(
      `EXPLAIN ANALYZE SELECT * FROM messages WHERE tenant_id = '${user.tenant.id}' AND conversation_id = '${conversation}' AND NOT superseded ORDER BY position DESC, id DESC LIMIT 10`);
    const text = plan.map((row) => row['QUERY PLAN']).join('\n');
    expect(text).toContain('messages_pkey');
    expect(text).not.toMatch(/Seq Scan|Sort/);
  });
});

describe('the context window', () => {
  it('is the system prompt and the turns before, in order', async () => {
    const conversation = await makeConversation(platform.api, user, { system_prompt: '你是诗人' });
    await say(conversation, { text: '回答一' }, '问题一');
    await say(conversation, { text: '回答二' }, '问题二');
    await say(conversation, { text: '回答三' }, '问题三');
    const prompt = await newestPrompt();
    expect(prompt.map((message) => message.role)).toEqual(['system', 'user', 'assistant', 'user', 'assistant', 'user']);
    expect(prompt[0]?.content).toBe('你是诗人');
    expect(prompt[2]?.content).toBe('回答一');
    expect(prompt[5]?.content).toContain('问题三');
  });

  it('takes the tenant\'s system prompt where a conversation has none, and follows a change', async () => {
    const conversation = await makeConversation(platform.api, user);
    await say(conversation, { text: '好' });
    expect((await newestPrompt())[0]).toMatchObject({ role: 'system', content: '租户的提示' });
    await platform.api.ok('PATCH', `/v1/conversations/${conversation}`, { token: user.token, body: { system_prompt: '改过的提示' } });
    await say(conversation, { text: '好' });
    expect((await newestPrompt())[0]).toMatchObject({ content: '改过的提示' });
  });

  it('drops the oldest turns as pairs, and keeps the system prompt', async () => {
    const conversation = await makeConversation(platform.api, user, { model: 'sim-small', system_prompt: '短' });
    for (let at = 1; at <= 6; at += 1) await say(conversation, { text: `第${at}个回答，${'说得长一些，'.repeat(6)}` }, `第${at}个问题`);
    const prompt = await newestPrompt();
    expect(prompt[0]?.content).toBe('短');
    expect(prompt[1]?.role).toBe('user');
    expect(prompt.length).toBeLessThan(12);
    expect(prompt.length % 2).toBe(0);
    expect(prompt.at(-2)?.content).toContain('第5个回答');
    expect(JSON.stringify(prompt)).not.toContain('第1个');
  });

  it('refuses a message that can never fit, with the numbers, and stores nothing', async () => {
    const conversation = await makeConversation(platform.api, user, { model: 'sim-small' });
    const refused = await platform.api.post(`/v1/conversations/${conversation}/messages`, { content: '字，'.repeat(400) }, { token: user.token });
    expect(refused).toMatchObject({ status: 400, body: { error: { param: 'content', message: expect.stringMatching(/content has \d+ tokens; at most \d+ fit/) } } });
    expect((await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data).toEqual([]);
  });

  it('is right after the cache was flushed, and after changes behind its back', async () => {
    const conversation = await makeConversation(platform.api, user);
    await say(conversation, { text: '记住：蓝色' });
    const redis = new Redis(platform.redisUrl);
    await redis.flushdb();
    await say(conversation, { text: '好的' });
    expect(JSON.stringify(await newestPrompt())).toContain('记住：蓝色');
    await platform.sql('UPDATE conversations SET system_prompt = $1, revision = revision + 1 WHERE id = $2', ['背后改的', conversation]);
    await say(conversation, { text: '好的' });
    expect((await newestPrompt())[0]).toMatchObject({ content: '背后改的' });
    redis.disconnect();
  });

  it('leaves out turns that have no answer, and the answer that is made again', async () => {
    const conversation = await makeConversation(platform.api, user);
    await say(conversation, { status: 401 }, '失败的问题');
    await say(conversation, { text: '第一版' }, '成功的问题');
    const [answer] = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;
    await (await platform.api.stream('POST', `/v1/messages/${answer.id}/regenerate?format=sse`, { token: user.token })).all();
    const prompt = JSON.stringify(await newestPrompt());
    expect(prompt).toContain('成功的问题');
    expect(prompt).not.toMatch(/失败的问题|第一版"/);
  });
});
