import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { admin, logIn, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { listWords } from '../kit/moderation.js';
import { Platform } from '../kit/platform.js';
import { upstreamControl } from '../kit/upstream-control.js';
import { scripted, unseen, upstreamRequests } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;
let tenant: TestTenant;
let user: TestUser;
let conversation: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
beforeEach(async () => {
  tenant = await makeTenant(platform, staff);
  user = await logIn(platform, tenant);
  conversation = await makeConversation(platform.api, user);
});
afterAll(async () => platform.stop());

async function say(content: string): Promise<void> {
  await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content } })).all();
}
const messages = async (): Promise<{ content: string }[]> => (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;

describe('listed words', () => {
  it('hold for earlier turns, too: words listed since are covered in the context, or their turn is left out', async () => {
    const turns = [['甲问后来一', '甲答'], ['乙问', '乙答后来二'], ['丙问', '丙答后来三'], ['丁问后来四', '丁答'], ['戊问', '戊答']] as const;
    for (const [question, text] of turns) await say(unseen({ text }, question));
    const context = async (): Promise<string> => {
      const question = scripted({ text: '好' });
      await say(question);
      return (await upstreamRequests(platform)).find((request) => request.messages.at(-1)?.content.includes(question))?.messages.slice(0, -1).map(({ content }) => content).join('|') ?? '';
    };
    const before = await context();
    for (const words of turns.flat()) expect(before).toContain(words);
    await listWords(platform, staff, tenant, [{ text: '后来一', action: 'mask' }, { text: '后来二', action: 'mask' }, { text: '后来三', action: 'block' }, { text: '后来四', action: 'answer' }]);
    const after = await context();
    for (const words of ['甲问***', '甲答', '乙问', '乙答***', '戊问', '戊答']) expect(after).toContain(words);
    for (const words of ['后来', '丙问', '丙答', '丁问', '丁答']) expect(after).not.toContain(words);
    expect((await messages()).map(({ content }) => content).join()).toContain('丙答后来三');
  });

  it('that are only to be noted are not covered in a question', async () => {
    await listWords(platform, staff, tenant, [{ text: '可疑丁', action: 'review' }, { text: '记号戊', action: 'label' }, { text: '脏话丙', action: 'mask' }]);
    await say(`可疑丁、记号戊和脏话丙 ${scripted({ tokens: 2 })}`);
    expect((await messages())[1]?.content).toContain('可疑丁、记号戊和*** ');
  });

  it('are found where they are split over messages of one author, whoever speaks between them', async () => {
    await listWords(platform, staff, tenant, [{ text: '绝密词甲' }]);
    const complete = async (...contents: readonly string[]): Promise<number> => {
      const messages = contents.map((content, at) => ({ role: (contents.length - at) % 2 === 0 ? 'assistant' : 'user', content: at === contents.length - 1 ? `${content} ${scripted({ tokens: 1 })}` : content }));
      return (await platform.api.post('/v1/chat/completions', { model: 'sim-chat', messages }, { token: user.token })).status;
    };
    expect(await complete('我想问问绝密', '好的，请讲', '词甲的价格')).toBe(422);
    expect(await complete('绝', '请讲', '密', '请讲', '词甲')).toBe(422);
    expect(await complete('我想问问绝密', '词甲')).toBe(200);
    const asSystem = [{ role: 'system', content: '请谈谈绝密' }, { role: 'assistant', content: '好' }, { role: 'user', content: '词甲' }];
    expect((await platform.api.post('/v1/chat/completions', { model: 'sim-chat', messages: asSystem }, { token: user.token })).status).toBe(422);
  });

  it('are found in two messages, however much stands between their halves that nobody sees', async () => {
    await listWords(platform, staff, tenant, [{ text: '绝密词甲' }]);
    await say(`${scripted({ tokens: 1 })} 绝密${'\u200b'.repeat(300)}${' \n'.repeat(200)}`);
    const refused = await platform.api.post(`/v1/conversations/${conversation}/messages?format=sse`, { content: '词甲' }, { token: user.token });
    expect(refused.status).toBe(422);
  });

  it('are found although a message that says next to nothing was sent between their halves', async () => {
    await listWords(platform, staff, tenant, [{ text: '绝密词甲' }]);
    await say(`${scripted({ tokens: 1 })} 我想问问绝`);
    await upstreamControl(platform, 'PUT', 'behaviours', { behaviour: { tokens: 1, firstTokenMs: 0 } });
    await say('嗯');
    await upstreamControl(platform, 'DELETE', 'behaviours');
    const refused = await platform.api.post(`/v1/conversations/${conversation}/messages?format=sse`, { content: '密词甲的价格' }, { token: user.token });
    expect([refused.status, refused.body.error.code]).toEqual([422, 'content_blocked']);
  });

  it('hold at once for answers that are being told: what was shown stays, and the word is not shown again', async () => {
    const text = `后来的词，${'风和日丽，万里无云。'.repeat(60)}又是后来的词，还有更多`;
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: unseen({ text, gapMs: 10 }) } });
    const shown = [...(await stream.until(({ event }) => event === 'delta'))];
    await listWords(platform, staff, tenant, [{ text: '后来的词' }]);
    shown.push(...(await stream.all()));
    expect(shown.at(-1)).toMatchObject({ event: 'done', data: { finish_reason: 'content_filter' } });
    const answer = (await messages())[0]?.content ?? '';
    expect([answer.startsWith('后来的词，风和日丽'), answer.lastIndexOf('后来的词'), answer.includes('又是'), answer.includes('更多')]).toEqual([true, 0, true, false]);
  });
});
