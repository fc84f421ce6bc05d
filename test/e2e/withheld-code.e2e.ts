import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, makeConversation, makeTenant } from '../kit/factories.js';
import { listWords, setPolicy } from '../kit/moderation.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import { unseen } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

describe('code that was made for another client platform', () => {
  it('is withheld wherever it is read again', async () => {
    const tenant = await makeTenant(platform, staff);
    await setPolicy(platform, staff, tenant, { output: { withhold_code_on: ['ios'] } });
    const user = await logIn(platform, tenant);
    const conversation = await makeConversation(platform.api, user);
    const text = '看这段：\n```js\n代码之体\n```\n然后是别的。\n```\n没有结束 代码之体';
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: unseen({ text, gapMs: 1 }) }, headers: { 'x-client-platform': 'android' } });
    const made = await stream.all();
    expect(wordsOf(made)).toBe(text);
    const [answer] = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;
    await (await platform.api.stream('POST', `/v1/messages/${answer.id}/regenerate?format=sse`, { token: user.token, headers: { 'x-client-platform': 'android' }, body: {} })).all();
    const paths = [`/v1/conversations/${conversation}/messages`, ...['md', 'txt', 'json'].map((format) => `/v1/conversations/${conversation}/export?format=${format}`), '/v1/me/export', ...['sse', 'wxapp', 'openai'].map((format) => `/v1/runs/${stream.runId}/stream?format=${format}`)];
    for (const path of paths) {
      const read = async (on: string): Promise<boolean[]> => {
        const told = (await platform.api.get(path, { token: user.token, headers: { 'x-client-platform': on } })).text;
        const whole = path.includes('/stream') ? [...told.matchAll(/"content":("(?:[^"\\]|\\.)*")/g)].map(([, words]) => JSON.parse(words ?? '""') as string).join('') : told;
        return ['看这段', '代码之体', '此处的代码', '然后是别的'].map((words) => whole.includes(words));
      };
      expect([path, await read('ios'), await read('android')]).toEqual([path, [true, false, true, true], [true, true, false, true]]);
    }
    const cut = made[Math.floor(made.length / 2)]?.data.seq as number;
    const onIos = (after: number) => platform.api.stream('GET', `/v1/runs/${stream.runId}/stream?format=sse&after=${after}`, { token: user.token, headers: { 'x-client-platform': 'ios' } });
    const [all, rest] = [await (await onIos(0)).all(), await (await onIos(cut)).all()];
    expect(rest.map(({ data }) => data)).toEqual(all.filter(({ data }) => (data.seq as number) > cut).map(({ data }) => data));
  });

  it('is withheld from a reply that a list has ready, too, and gives no title', async () => {
    const tenant = await makeTenant(platform, staff);
    await setPolicy(platform, staff, tenant, { output: { withhold_code_on: ['ios'] } });
    await listWords(platform, staff, tenant, [{ text: '秘方', action: 'answer', reply: '```\n代码之体\n```\n这就是。' }]);
    const user = await logIn(platform, tenant);
    const say = async (content: string, on: string): Promise<string> => {
      const conversation = await makeConversation(platform.api, user);
      return wordsOf(await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content }, headers: { 'x-client-platform': on } })).all());
    };
    expect(await say('秘方是什么', 'ios')).toBe('（此处的代码在当前客户端不显示）\n这就是。');
    expect(await say('秘方是什么', 'android')).toContain('代码之体');
    await say(`你好 ${unseen({ text: '```\n代码之体\n```\n写好了。', gapMs: 1 })}`, 'android');
    expect(JSON.stringify(await platform.api.ok('GET', '/v1/conversations', { token: user.token }))).not.toContain('代码之体');
  });
});
