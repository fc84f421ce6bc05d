import { afterAll, beforeAll, expect, it } from 'vitest';
import { admin, logIn, makeConversation, makeTenant } from '../kit/factories.js';
import { listWords } from '../kit/moderation.js';
import { Platform } from '../kit/platform.js';
import type { StreamedAnswer } from '../kit/streamed-answer.js';
import { unseen } from '../kit/upstream-script.js';

let platform: Platform;

beforeAll(async () => {
  platform = await Platform.start();
});
afterAll(async () => platform.stop());

it('an answer that was broken off when it was made again is the newest, and may be made again itself', async () => {
  const staff = await admin(platform);
  const tenant = await makeTenant(platform, staff);
  await listWords(platform, staff, tenant, [{ text: '绝密词甲', action: 'block' }]);
  const user = await logIn(platform, tenant);
  const conversation = await makeConversation(platform.api, user);
  const content = unseen({ text: '前面的话没有问题。接着说绝密词甲。', firstTokenMs: 1_000 });
  const send = async (): Promise<StreamedAnswer> => platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content } });
  const first = await send();
  await platform.api.ok('POST', `/v1/runs/${first.runId}/stop`, { token: user.token });
  await first.all();
  await (await send()).all();
  const [broken, ...before] = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data as { id: string; state: string }[];
  expect([broken?.state, before.length]).toEqual(['recalled', 1]);
  const again = await platform.api.stream('POST', `/v1/messages/${broken?.id}/regenerate?format=sse`, { token: user.token, body: {} });
  expect([again.status, (await again.all()).at(-1)?.event]).toEqual([200, 'done']);
});
