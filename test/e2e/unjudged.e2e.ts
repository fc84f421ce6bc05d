import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { setPolicy } from '../kit/moderation.js';
import { Platform, type Node } from '../kit/platform.js';
import type { StreamedAnswer } from '../kit/streamed-answer.js';
import { scripted, upstreamRequests, type Behaviour } from '../kit/upstream-script.js';
import { WECHAT_PATHS, healWechat, judgeTextsBy, scriptWechat } from '../kit/wechat-script.js';

let platform: Platform;
let staff: string;
let worker: Node | undefined;

/** No worker: a run waits until a test gives it one. */
beforeAll(async () => {
  platform = await Platform.start({ role: 'api' });
  staff = await admin(platform);
});
afterEach(async () => {
  await healWechat(platform);
  await worker?.stop();
  worker = undefined;
});
afterAll(async () => platform.stop());

interface Asked {
  readonly user: TestUser;
  readonly tenant: TestTenant;
  readonly conversation: string;
  readonly question: string;
  readonly stream: StreamedAnswer;
}

const FORBIDDEN = '违心话';

async function ask(words: string, policy: object = {}, behaviour: Behaviour = { text: '答' }): Promise<Asked> {
  const tenant = await makeTenant(platform, staff);
  await setPolicy(platform, staff, tenant, policy);
  await judgeTextsBy(platform, tenant, [{ keyword: FORBIDDEN }]);
  const user = await logIn(platform, tenant);
  const conversation = await makeConversation(platform.api, user);
  return { user, tenant, conversation, ...(await send(user, conversation, words, behaviour)) };
}

async function send(user: TestUser, conversation: string, words: string, behaviour: Behaviour = { text: '答' }): Promise<{ readonly question: string; readonly stream: StreamedAnswer }> {
  const question = scripted(behaviour, words);
  return { question, stream: await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse&keep=true`, { token: user.token, body: { content: question } }) };
}

/** Asks, and stops the run before anybody took it. */
async function askInVain(words: string, policy: object = {}): Promise<Asked> {
  const asked = await ask(words, policy);
  await platform.api.ok('POST', `/v1/runs/${asked.stream.runId}/stop`, { token: asked.user.token });
  await asked.stream.all();
  return asked;
}

const messagesOf = async ({ user, conversation }: Asked): Promise<{ id: string; content: string; state: string }[]> => (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;
const questionOf = async (asked: Asked) => (await messagesOf(asked)).find(({ content }) => content === asked.question);
const titleOf = async ({ user, conversation }: Asked): Promise<string | null> => (await platform.api.ok('GET', `/v1/conversations/${conversation}`, { token: user.token })).title;

/** Everything that leaves the platform of a user's conversation. */
async function exportsOf({ user, conversation }: Asked): Promise<string> {
  const files = ['md', 'txt', 'json'].map((format) => `/v1/conversations/${conversation}/export?format=${format}`);
  return (await Promise.all([...files, '/v1/me/export'].map(async (path) => (await platform.api.get(path, { token: user.token })).text))).join('\n');
}

async function regenerate(asked: Asked): Promise<string | undefined> {
  const [answer] = await messagesOf(asked);
  const again = await platform.api.stream('POST', `/v1/messages/${answer?.id ?? ''}/regenerate?format=sse`, { token: asked.user.token, body: {} });
  return (await again.all()).at(-1)?.event;
}

describe('a question whose run was stopped before anybody took it', () => {
  it('is shown to its author, and is neither title nor export', async () => {
    const asked = await askInVain('未判之问');
    expect((await questionOf(asked))?.state).toBe('unjudged');
    expect(await titleOf(asked)).toBeNull();
    expect(await exportsOf(asked)).not.toContain('未判之问');
  });

  it('is no context of the next', async () => {
    const asked = await askInVain('未判之问');
    const next = await send(asked.user, asked.conversation, '下一问');
    worker = await platform.spawn('worker');
    expect((await next.stream.all()).at(-1)?.event).toBe('done');
    const request = (await upstreamRequests(platform)).find(({ messages }) => messages.at(-1)?.content.includes(next.question));
    expect(JSON.stringify(request?.messages)).not.toContain('未判之问');
    const told = await exportsOf(asked);
    expect([told.includes('下一问'), told.includes('未判之问')]).toEqual([true, false]);
  }, 30_000);

  it('is like any other once it was asked again and has passed', async () => {
    const asked = await askInVain('再问之问');
    worker = await platform.spawn('worker');
    expect(await regenerate(asked)).toBe('done');
    expect((await questionOf(asked))?.state).toBe('complete');
    expect(await titleOf(asked)).toContain('再问之问');
    expect((await exportsOf(asked)).split('再问之问').length).toBeGreaterThan(4);
  }, 30_000);

  it('is gone once it was asked again and was refused', async () => {
    const asked = await askInVain(`说${FORBIDDEN}`);
    expect(await exportsOf(asked)).not.toContain(FORBIDDEN);
    worker = await platform.spawn('worker');
    expect(await regenerate(asked)).toBe('error');
    expect(JSON.stringify(await messagesOf(asked))).not.toContain(FORBIDDEN);
    expect([await exportsOf(asked), await titleOf(asked)].join()).not.toContain(FORBIDDEN);
  }, 30_000);

  it('is like any other where no layer judges beside the model', async () => {
    const off = { mode: 'off' };
    const asked = await askInVain('无人来判', { input: { wechat: off, openai: off } });
    expect((await questionOf(asked))?.state).toBe('complete');
    expect(await titleOf(asked)).toContain('无人来判');
  });
});

describe('a question that is not judged yet', () => {
  it('is in no export while its run waits', async () => {
    const asked = await ask('还在排队');
    expect((await questionOf(asked))?.content).toContain('还在排队');
    expect(await exportsOf(asked)).not.toContain('还在排队');
  });

  it('is judged also where its model fails first', async () => {
    await scriptWechat(platform, { default: { path: WECHAT_PATHS.textCheck, delayMs: 700 } });
    worker = await platform.spawn('worker');
    const asked = await ask(`败前${FORBIDDEN}`, { input: { wechat: { deadline_ms: 5_000 } } }, { error: 'context_length' });
    expect((await asked.stream.all()).at(-1)?.data).toMatchObject({ code: 'content_blocked' });
    expect(JSON.stringify([await messagesOf(asked), await exportsOf(asked)])).not.toContain(FORBIDDEN);
  }, 30_000);

  it('is in none when a layer failed that must judge', async () => {
    await scriptWechat(platform, { default: { path: WECHAT_PATHS.textCheck, errcode: -1 } });
    worker = await platform.spawn('worker');
    const asked = await ask('必判之问', { input: { wechat: { on_failure: 'closed' }, openai: { mode: 'off' } } });
    expect((await asked.stream.all()).at(-1)?.data).toMatchObject({ code: 'unavailable' });
    expect((await questionOf(asked))?.state).toBe('unjudged');
    expect(await exportsOf(asked)).not.toContain('必判之问');
  }, 30_000);
});
