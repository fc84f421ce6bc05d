import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askedUpstream } from '../kit/asking.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeApiKey, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { listWords, setPolicy } from '../kit/moderation.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { scripted, unseen, upstreamCounters } from '../kit/upstream-script.js';
import { WxappFieldClient } from '../kit/wxapp-field-client.js';
import { WECHAT_PATHS, healWechat, judgeTextsBy, scriptWechat, wechatCalls } from '../kit/wechat-script.js';

let platform: Platform;
let staff: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

const WORDS = [
  { text: '绝密词甲', action: 'block' },
  { text: '话题乙', action: 'answer' },
  { text: '脏话丙', action: 'mask' },
  { text: '可疑丁', action: 'review' },
] as const;

interface Stage {
  readonly tenant: TestTenant;
  readonly user: TestUser;
}

async function stage(policy: object = {}): Promise<Stage> {
  const tenant = await makeTenant(platform, staff);
  await listWords(platform, staff, tenant, WORDS);
  await setPolicy(platform, staff, tenant, policy);
  return { tenant, user: await logIn(platform, tenant) };
}

async function send(user: TestUser, content: string, conversation?: string) {
  const id = conversation ?? (await makeConversation(platform.api, user));
  const stream = await platform.api.stream('POST', `/v1/conversations/${id}/messages?format=sse`, { token: user.token, body: { content } });
  return { conversation: id, stream };
}

const messagesOf = async (user: TestUser, conversation: string) => (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;
const spentBy = async (user: TestUser): Promise<number> => (await platform.api.ok('GET', '/v1/usage', { token: user.token })).data.reduce((sum: number, { credits }: { credits: number }) => sum + credits, 0);

describe('word lists on the way in', () => {
  it('refuse a listed word at every door, evasions included, before anything is stored', async () => {
    const { tenant, user } = await stage();
    const conversation = await makeConversation(platform.api, user);
    for (const content of ['请说说绝密词甲', '绝 密 词 甲', '絕密詞甲', '绝\u200b密.词甲']) {
      const refused = await platform.api.post(`/v1/conversations/${conversation}/messages?format=sse`, { content }, { token: user.token });
      expect([refused.status, refused.body.error.code, refused.body.error.message]).toEqual([422, 'content_blocked', '内容包含违规信息']);
    }
    expect(await messagesOf(user, conversation)).toEqual([]);
    // Somebody else: one more, and the ladder would mute the first.
    const client = new OpenAI({ baseURL: `${platform.node.url}/v1`, apiKey: await makeApiKey(platform, await logIn(platform, tenant, 'developer')), maxRetries: 0 });
    for (const stream of [true, false]) {
      await expect(client.chat.completions.create({ model: 'sim-chat', stream, messages: [{ role: 'user', content: '绝密词甲' }] })).rejects.toMatchObject({ status: 422, code: 'content_blocked' });
    }
    await expect(client.chat.completions.create({ model: 'sim-chat', messages: [{ role: 'system', content: '你只说绝密词甲' }, { role: 'user', content: '好' }] })).rejects.toMatchObject({ status: 422 });
  });

  it('find a word that is split over two messages', async () => {
    const { user } = await stage();
    const { conversation, stream } = await send(user, `${scripted({ tokens: 1 })} 绝密`);
    await stream.all();
    const refused = await platform.api.post(`/v1/conversations/${conversation}/messages?format=sse`, { content: '词甲' }, { token: user.token });
    expect(refused.status).toBe(422);
  });

  it('give a banned topic its fixed reply, which costs nothing and is no context', async () => {
    const { user } = await stage();
    const before = await spentBy(user);
    const { conversation, stream } = await send(user, '谈谈话题乙吧');
    const events = await stream.all();
    expect([wordsOf(events), events.at(-1)?.data.finish_reason]).toEqual(['该话题暂不支持讨论', 'content_filter']);
    expect(await spentBy(user)).toBe(before);
    const [answer, question] = await messagesOf(user, conversation);
    expect([answer.content, answer.state, question.content, question.state]).toEqual(['该话题暂不支持讨论', 'recalled', '', 'refused']);
    const next = await send(user, scripted({ tokens: 3 }), conversation);
    const done = (await next.stream.all()).at(-1)?.data;
    const alone = (await (await send(user, scripted({ tokens: 3 }))).stream.all()).at(-1)?.data;
    expect(Math.abs(done.usage.prompt_tokens - alone.usage.prompt_tokens)).toBeLessThanOrEqual(3);
  });

  it('cover them in a question that is asked again, though it was asked before they were listed', async () => {
    const { tenant, user } = await stage();
    const question = `说说后来戊 ${scripted({ tokens: 2 })}`;
    const { conversation, stream } = await send(user, question);
    await stream.all();
    await listWords(platform, staff, tenant, [{ text: '后来戊', action: 'mask' }]);
    const [answer] = await messagesOf(user, conversation);
    const again = await platform.api.stream('POST', `/v1/messages/${answer.id}/regenerate?format=sse`, { token: user.token, body: {} });
    expect((await again.all()).at(-1)?.event).toBe('done');
    expect([await askedUpstream(platform, question), await askedUpstream(platform, question.replace('后来戊', '***'))]).toEqual([1, 1]);
  });

  it('judge titles and system prompts that users write', async () => {
    const { user } = await stage();
    const make = (body: object) => platform.api.post('/v1/conversations', body, { token: user.token });
    expect(await make({ title: '谈绝密词甲' })).toMatchObject({ status: 422, body: { error: { code: 'content_blocked', param: 'title' } } });
    expect(await make({ system_prompt: '你只说绝密词甲' })).toMatchObject({ status: 422, body: { error: { param: 'system_prompt' } } });
    const { id, title } = (await make({ title: '脏话丙的故事', system_prompt: '你是助手' })).body;
    expect(title).toBe('***的故事');
    const renamed = await platform.api.call('PATCH', `/v1/conversations/${id}`, { token: user.token, body: { title: '绝密词甲' } });
    expect([renamed.status, renamed.body.error.param]).toEqual([422, 'title']);
  });

  it('leave words as they are that are only noted, or that a person is to look at', async () => {
    const { user } = await stage();
    const question = `可疑丁怎么样 ${scripted({ tokens: 1 })}`;
    const { conversation, stream } = await send(user, question);
    await stream.all();
    expect((await messagesOf(user, conversation))[1]).toMatchObject({ content: question, state: 'complete' });
  });

  it('cover words that are only to be masked', async () => {
    const { user } = await stage();
    const { conversation, stream } = await send(user, `你这个脏话丙 ${scripted({ tokens: 2 })}`);
    await stream.all();
    expect((await messagesOf(user, conversation))[1].content).toContain('你这个*** ');
  });
});

describe('the gate on the way out', () => {
  it.each(['openai', 'sse', 'wxapp'] as const)('never shows a listed word that is split over chunks, in %s', async (format) => {
    const { user } = await stage();
    const before = await spentBy(user);
    const conversation = await makeConversation(platform.api, user);
    const text = '前面的话没有问题。接着说绝密词甲，后面还有很多话。';
    const answer = await fetch(`${platform.node.url}/v1/conversations/${conversation}/messages?format=${format}`, {
      method: 'POST', headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ content: unseen({ text, gapMs: 2 }) }),
    });
    const raw = await answer.text();
    const shown = raw.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
    expect(shown).not.toContain('甲');
    expect(shown).toContain('content_filter');
    const [stored] = await messagesOf(user, conversation);
    expect([stored.content, stored.state, stored.finish_reason]).toEqual(['前面的话没有问题。接着说\n\n该内容已被撤回', 'recalled', 'content_filter']);
    expect(await spentBy(user)).toBe(before);
  });

  it('charges for an answer that was broken off nothing, the words that stand, or all that was said, as the policy says', async () => {
    const fine = '今天的天气很好，我们一起去公园里散步，看看花，喝喝茶，聊聊天，说说最近的事情，然后回家做一顿丰盛的晚饭吃。';
    const charged = async (charge: string): Promise<{ credits: number; tokens: number }> => {
      const { tenant, user } = await stage({ output: { gate: 'swift', charge } });
      await judgeTextsBy(platform, tenant, [{ keyword: '坏内容', suggest: 'risky', label: 20002 }]);
      const { stream } = await send(user, unseen({ text: `${fine.repeat(4)}然后是坏内容，说了又说，说了又说，说了又说，说了又说，说了又说。`, gapMs: 5 }));
      const { credits, usage } = (await stream.all()).at(-1)?.data as { credits: number; usage: { completion_tokens: number } };
      expect(await spentBy(user)).toBe(credits);
      return { credits, tokens: usage.completion_tokens };
    };
    const [nothing, shown, produced] = [await charged('nothing'), await charged('shown'), await charged('produced')];
    expect(nothing.credits).toBe(0);
    expect([shown.credits > 0, shown.credits < produced.credits, shown.tokens > 0, shown.tokens < produced.tokens]).toEqual([true, true, true, true]);
  });

  it('charges nothing where it charges what was shown, and nothing was', async () => {
    const { user } = await stage({ output: { charge: 'shown' } });
    const { stream } = await send(user, unseen({ text: '绝密词甲' }));
    expect((await stream.all()).at(-1)?.data).toMatchObject({ finish_reason: 'content_filter', credits: 0 });
  });

  it('masks words in an answer and lets it go on', async () => {
    const { user } = await stage();
    const { conversation, stream } = await send(user, unseen({ text: '他说脏话丙，然后走了。', gapMs: 2 }));
    const events = await stream.all();
    expect([wordsOf(events), events.at(-1)?.event, events.at(-1)?.data.finish_reason]).toEqual(['他说***，然后走了。', 'done', 'stop']);
    expect((await messagesOf(user, conversation))[0]).toMatchObject({ content: '他说***，然后走了。', state: 'complete' });
  });

  it('takes words back that WeChat finds risky, and nobody finds them afterwards', async () => {
    const { tenant, user } = await stage({ output: { gate: 'swift' } });
    await judgeTextsBy(platform, tenant, [{ keyword: '坏内容', suggest: 'risky', label: 20002 }]);
    const fine = '今天的天气很好，我们一起去公园里散步，看看花，喝喝茶，聊聊天，说说最近的事情，然后回家做一顿丰盛的晚饭吃。';
    const { conversation, stream } = await send(user, unseen({ text: `${fine}然后是坏内容。`, gapMs: 1 }));
    const events = await stream.all();
    const recall = events.find(({ event }) => event === 'recall');
    expect(recall?.data.replace).toContain('该内容已被撤回');
    expect(events.at(-1)?.data.finish_reason).toBe('content_filter');
    const again = await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse`, { token: user.token });
    const resumed = await again.all();
    expect(wordsOf(resumed)).not.toContain('坏内容');
    expect(resumed.filter(({ event }) => event === 'recall')).toHaveLength(1);
    const [stored] = await messagesOf(user, conversation);
    expect([stored.state, stored.content.includes('坏内容'), stored.content.includes('该内容已被撤回')]).toEqual(['recalled', false, true]);
    const exported = await platform.api.get('/v1/me/export', { token: user.token });
    expect(JSON.stringify(exported.body)).not.toContain('坏内容');
  });

  it('in strict mode shows a word only after its window has passed', async () => {
    const { tenant, user } = await stage({ output: { gate: 'strict' } });
    await judgeTextsBy(platform, tenant, [{ keyword: '坏内容', suggest: 'risky', label: 20002 }]);
    const { conversation, stream } = await send(user, unseen({ text: '然后是坏内容。', gapMs: 1 }));
    const events = await stream.all();
    expect(events.map(({ event }) => event)).not.toContain('recall');
    expect([wordsOf(events), events.at(-1)?.data.finish_reason]).toEqual(['该内容已被撤回', 'content_filter']);
    expect((await messagesOf(user, conversation))[0].content).toBe('该内容已被撤回');
  });

  it('withholds code from the client platforms that may not show it', async () => {
    const { user } = await stage({ output: { withhold_code_on: ['ios'] } });
    const content = unseen({ text: '看这段：\n```js\nlet a = 1;\n```\n完。', gapMs: 1 });
    const conversation = await makeConversation(platform.api, user);
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content }, headers: { 'x-client-platform': 'ios' } });
    const shown = wordsOf(await stream.all());
    expect([shown.includes('let a'), shown.startsWith('看这段：\n'), shown.endsWith('完。')]).toEqual([false, true, true]);
  });
});

describe('the remote layers on the way in', () => {
  it('refuse beside the model: nothing is shown, charged or kept, and the model is left at once', async () => {
    const { tenant, user } = await stage();
    const before = await spentBy(user);
    const aborted = (await upstreamCounters(platform)).aborted ?? 0;
    const { conversation, stream } = await send(user, `色情测试 ${scripted({ tokens: 50, firstTokenMs: 2_000 })}`);
    const events = await stream.all();
    expect(events.at(-1)).toMatchObject({ event: 'error', data: { code: 'content_blocked', message: '请修改您的提问' } });
    expect(wordsOf(events)).toBe('');
    expect(await spentBy(user)).toBe(before);
    const [, question] = await messagesOf(user, conversation);
    expect([question.content, question.state]).toEqual(['', 'refused']);
    expect((await platform.api.ok('GET', `/v1/conversations/${conversation}`, { token: user.token })).title).toBeNull();
    await eventually(() => upstreamCounters(platform), (counters) => (counters.aborted ?? 0) > aborted, 2_000);
    expect((await wechatCalls(platform, tenant, WECHAT_PATHS.textCheck)).calls).toBe(1);
  });

  it('judge the same text once', async () => {
    const { tenant, user } = await stage({ output: { wechat: { mode: 'off' } } });
    const content = scripted({ tokens: 2 });
    for (let time = 0; time < 3; time += 1) await (await send(user, content)).stream.all();
    expect((await wechatCalls(platform, tenant, WECHAT_PATHS.textCheck)).calls).toBe(1);
  });

  it('go to layer 3 for users who do not come from a mini-program', async () => {
    const { user } = await stage();
    const key = await makeApiKey(platform, user);
    const refused = await platform.api.post('/v1/chat/completions', { model: 'sim-chat', messages: [{ role: 'user', content: `forbidden ${scripted({ tokens: 2, firstTokenMs: 500 })}` }] }, { token: key });
    expect([refused.status, refused.body.error.code]).toEqual([422, 'content_blocked']);
  });

  it('are asked before the model where the tenant wants it so', async () => {
    const { user } = await stage({ input: { order: 'before' } });
    const [fine, bad] = [scripted({ tokens: 5 }), `色情测试 ${scripted({ tokens: 5 })}`];
    expect((await (await send(user, fine)).stream.all()).at(-1)?.event).toBe('done');
    expect((await (await send(user, bad)).stream.all()).at(-1)?.data.code).toBe('content_blocked');
    expect([await askedUpstream(platform, fine), await askedUpstream(platform, bad)]).toEqual([1, 0]);
  });

  it('refuse a question that is too long for WeChat where nobody stands in, unless the tenant lets it through', async () => {
    const { tenant, user } = await stage({ input: { instead_of_wechat: 'nobody' } });
    // Nine pieces, none like another.
    const long = `${scripted({ tokens: 2 })} ${Array.from({ length: 4_600 }, (_, at) => `x${at}`).join(' ')}`;
    expect((await (await send(user, long)).stream.all()).at(-1)).toMatchObject({ event: 'error', data: { code: 'unavailable' } });
    await setPolicy(platform, staff, tenant, { input: { on_excess: 'open' } });
    expect((await (await send(user, long)).stream.all()).at(-1)?.event).toBe('done');
    await setPolicy(platform, staff, tenant, { input: { on_excess: null } });
    expect((await (await send(user, long)).stream.all()).at(-1)?.data.code).toBe('unavailable');
  });

  it('in the shadow stop nobody', async () => {
    const { user } = await stage({ input: { wechat: { mode: 'shadow' } } });
    const events = await (await send(user, `色情测试 ${scripted({ tokens: 5 })}`)).stream.all();
    expect(events.at(-1)?.event).toBe('done');
  });
});

describe('an answer that is stopped before its verdict', () => {
  const slowly = (tenant: TestTenant) => scriptWechat(platform, { default: { path: WECHAT_PATHS.textCheck, delayMs: 500, appid: tenant.appId } });
  const stop = (user: TestUser, runId: string) => platform.api.ok('POST', `/v1/runs/${runId}/stop`, { token: user.token });

  it('is judged to its end, and what must not stay is taken back', async () => {
    const { tenant, user } = await stage();
    await judgeTextsBy(platform, tenant, [{ keyword: '坏内容', suggest: 'risky', label: 20002 }]);
    await slowly(tenant);
    const { conversation, stream } = await send(user, unseen({ text: `这里有坏内容。${'好'.repeat(300)}`, gapMs: 20 }));
    let shown = '';
    await stream.until(({ data }) => (shown += data.content ?? '').includes('坏内容'));
    await stop(user, stream.runId);
    const rest = await stream.all();
    expect([rest.some(({ event }) => event === 'recall'), rest.at(-1)?.data.finish_reason]).toEqual([true, 'content_filter']);
    const [stored] = await messagesOf(user, conversation);
    expect([stored.state, stored.content.includes('坏内容')]).toEqual(['recalled', false]);
    await healWechat(platform);
  });

  it('leaves no question that was refused meanwhile', async () => {
    const { tenant, user } = await stage();
    await slowly(tenant);
    const { conversation, stream } = await send(user, `色情测试 ${scripted({ tokens: 50, firstTokenMs: 3_000 })}`);
    await stream.until(({ event }) => event === 'started');
    await stop(user, stream.runId);
    expect((await stream.all()).at(-1)?.data.code).toBe('content_blocked');
    const [, question] = await messagesOf(user, conversation);
    expect([question.content, question.state]).toEqual(['', 'refused']);
    await healWechat(platform);
  });

  it('that nobody could judge where the policy is closed costs nothing, whatever else costs', async () => {
    const { tenant, user } = await stage({ output: { wechat: { mode: 'on', on_failure: 'closed', deadline_ms: 300 }, charge: 'produced', instead_of_wechat: 'nobody' }, input: { wechat: { mode: 'off' } } });
    await scriptWechat(platform, { default: { path: WECHAT_PATHS.textCheck, hang: true, appid: tenant.appId } });
    const { stream } = await send(user, scripted({ tokens: 20 }));
    expect((await stream.all()).at(-1)?.data).toMatchObject({ finish_reason: 'content_filter', credits: 0 });
    await healWechat(platform);
  });
});

describe('a client of the field', () => {
  it('of the OpenAI format is told the text of the layer that refused', async () => {
    const { user } = await stage();
    const key = await makeApiKey(platform, user);
    const refused = await platform.api.post('/v1/chat/completions', { model: 'sim-chat', messages: [{ role: 'user', content: `forbidden ${scripted({ tokens: 2, firstTokenMs: 500 })}` }] }, { token: key });
    expect([refused.status, refused.body.error.message]).toEqual([422, '提问涉及敏感话题']);
  });

  it('reads a refusal as code 102 with the text to show', async () => {
    const { user } = await stage();
    const conversation = await makeConversation(platform.api, user);
    const response = await fetch(`${platform.node.url}/v1/conversations/${conversation}/messages?format=wxapp`, {
      method: 'POST', headers: { authorization: `Bearer ${user.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ content: `色情测试 ${scripted({ tokens: 5, firstTokenMs: 500 })}` }),
    });
    const client = new WxappFieldClient();
    for await (const bytes of response.body ?? []) client.receive(bytes);
    expect(client.errors).toEqual([{ code: 102, msg: '请修改您的提问' }]);
    expect(client.text).toBe('');
  });
});
