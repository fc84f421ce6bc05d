import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { scripted, unseen, upstreamRequests } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

async function send(user: TestUser, content: string, conversation?: string) {
  const id = conversation ?? (await makeConversation(platform.api, user));
  const stream = await platform.api.stream('POST', `/v1/conversations/${id}/messages?format=sse`, { token: user.token, body: { content } });
  return { conversation: id, stream };
}

const messagesOf = async (user: TestUser, conversation: string) => (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;

describe('an answer that the filter of its model ended', () => {
  it('keeps what was shown of it: in the history, in exports, and for whoever resumes', async () => {
    const user = await logIn(platform, await makeTenant(platform, staff));
    const { conversation, stream } = await send(user, unseen({ text: '前面的话没有问题', finishReason: 'content_filter' }, '你好'));
    const events = await stream.all();
    expect([wordsOf(events), events.at(-1)?.data]).toMatchObject(['前面的话没有问题', { finish_reason: 'content_filter', credits: 0 }]);
    expect((await messagesOf(user, conversation))[0]).toMatchObject({ content: '前面的话没有问题', state: 'recalled', finish_reason: 'content_filter' });
    const resumed = await (await platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse`, { token: user.token })).all();
    expect([wordsOf(resumed), resumed.at(-1)?.data.finish_reason]).toEqual(['前面的话没有问题', 'content_filter']);
    expect((await platform.api.get(`/v1/conversations/${conversation}/export?format=txt`, { token: user.token })).text).toContain('前面的话没有问题');
    expect((await platform.api.ok('GET', `/v1/conversations/${conversation}`, { token: user.token })).title).not.toContain('前面的话');
    await (await send(user, scripted({ tokens: 1 }), conversation)).stream.all();
    expect(JSON.stringify((await upstreamRequests(platform)).at(-1)?.messages)).not.toContain('前面的话');
  });

  it('shows nothing where no word was shown', async () => {
    const user = await logIn(platform, await makeTenant(platform, staff));
    const { conversation, stream } = await send(user, unseen({ text: '', finishReason: 'content_filter' }));
    expect((await stream.all()).at(-1)?.data).toMatchObject({ finish_reason: 'content_filter', credits: 0 });
    expect((await messagesOf(user, conversation))[0]).toMatchObject({ content: '', state: 'refused' });
  });
});
