import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeModel, makeTenant, type TestUser } from '../kit/factories.js';
import { metricOf } from '../kit/metrics.js';
import { Platform } from '../kit/platform.js';
import { wordsOf } from '../kit/sse-reader.js';
import type { StreamedAnswer } from '../kit/streamed-answer.js';
import { switchUpstream, upstreamArrivals } from '../kit/upstream-keys.js';
import { scripted } from '../kit/upstream-script.js';

const MODEL = 'sim-probation';
let platform: Platform;
let staff: string;
let user: TestUser;

beforeAll(async () => {
  platform = await Platform.start({ env: { UPSTREAM_PRIVATE_ALLOWLIST: '127.0.0.1', UPSTREAM_FIRST_TOKEN_TIMEOUT_MS: '3000', UPSTREAM_BREAKER_FAILURES: '1', UPSTREAM_BREAKER_OPEN_MS: '100' } });
  staff = await admin(platform);
  user = await logIn(platform, await makeTenant(platform, staff));
  await makeModel(platform, staff, MODEL);
  for (const [priority, api_key] of ['sk-first', 'sk-second'].entries()) {
    await platform.api.ok('POST', '/admin/v1/channels', { token: staff, body: { name: api_key, base_url: platform.servers.openaiUrl, api_key, models: [{ model: MODEL, upstream_name: 'sim-chat' }], priority } });
  }
});
afterAll(async () => platform.stop());

async function ask(text: string): Promise<StreamedAnswer> {
  const conversation = await makeConversation(platform.api, user);
  return platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ text }), model: MODEL } });
}
const answer = async (text: string): Promise<string> => wordsOf(await (await ask(text)).all());
const askedFirst = async (): Promise<number> => (await upstreamArrivals(platform, 'key=sk-first')).length;
const health = async (): Promise<number | undefined> => metricOf(platform, 'bailiao_channel_breaker', { channel: 'sk-first' });

it('a sick channel that sends headers and no words is asked one thing at a time, and trusted again with its first words', async () => {
  await switchUpstream(platform, '500', 'sk-first');
  expect(await answer('病了')).toBe('病了');
  await eventually(health, (state) => state === 1);
  await switchUpstream(platform, { hang: 'before-first-token' }, 'sk-first');
  const probe = await ask('探一探');
  await eventually(askedFirst, (asked) => asked === 2);
  for (const text of ['第一个', '第二个', '第三个']) expect(await answer(text)).toBe(text);
  expect(await askedFirst()).toBe(2);
  expect(wordsOf(await probe.all())).toBe('探一探');
  await switchUpstream(platform, 'ok', 'sk-first');
  await eventually(health, (state) => state === 1);
  expect(await answer('好了')).toBe('好了');
  await eventually(health, (state) => state === 0);
  expect(await askedFirst()).toBe(3);
}, 40_000);
