import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { say } from '../kit/asking.js';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { listWords } from '../kit/moderation.js';
import { Platform } from '../kit/platform.js';
import { Reviewer } from '../kit/reviewing.js';
import { unseen } from '../kit/upstream-script.js';

let platform: Platform;
let tenant: TestTenant;
let user: TestUser;
let anna: Reviewer;

beforeEach(async () => {
  platform = await Platform.start({ role: 'api' });
  const staff = await admin(platform);
  tenant = await makeTenant(platform, staff);
  await listWords(platform, staff, tenant, [{ text: '可疑丁', action: 'review' }]);
  user = await logIn(platform, tenant);
  anna = new Reviewer(platform, tenant, staff);
});
afterEach(async () => platform.stop());

const answerOf = async (conversation: string) => (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data[0];

describe('a decision, and a crash before its consequences', () => {
  it('takes the answer away when a worker comes back: neither the api nor the worker that died had told anybody', async () => {
    const worker = await platform.spawn('worker');
    const { conversation } = await say(platform.api, user, unseen({ text: '可疑丁' }));
    const page = await eventually(() => anna.get('reviews?kind=output'), ({ data }) => data.length > 0);
    await worker.kill();
    await anna.decide(page.data[0].id as string, 'reject');
    expect(await answerOf(conversation)).toMatchObject({ state: 'complete', content: '可疑丁' });
    await platform.node.kill();
    const edge = await platform.spawn('api');
    await Promise.all([platform.spawn('worker'), platform.spawn('worker')]);
    const left = () => edge.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token });
    const { data: [answer] } = await eventually(left, ({ data }) => data[0].state === 'recalled');
    expect(answer.content).toBe('该内容已被撤回');
    await eventually(() => platform.sql<{ attempts: number; delivered: boolean }>('SELECT attempts, delivered_at IS NOT NULL AS delivered FROM facts'), ([fact]) => fact?.delivered === true);
    expect(await platform.sql('SELECT attempts FROM facts')).toEqual([{ attempts: 1 }]);
  }, 60_000);

  it('waits for an answer that is still being written, and takes it away then', async () => {
    await platform.spawn('worker');
    const conversation = (await platform.api.ok('POST', '/v1/conversations', { token: user.token, body: {} })).id as string;
    const stream = await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: unseen({ text: `可疑丁${'一二三四五六七八九十'.repeat(6)}`, gapMs: 100 }) } });
    await stream.until((event) => event.event === 'delta');
    // Lists tell at the end of an answer; a person may know before.
    await platform.sql(
      `INSERT INTO reviews (tenant_id, id, natural_key, kind, state, user_id, run_id, label, reason, due_at) VALUES ($1, gen_random_uuid(), 'early', 'output', 'waiting', $2, $3, 'x', 'x', now() + interval '1 hour')`,
      [tenant.id, user.id, stream.runId],
    );
    const page = await anna.get('reviews?kind=output');
    await anna.decide(page.data[0].id as string, 'reject');
    await eventually(() => platform.sql<{ attempts: number }>('SELECT attempts FROM facts'), ([fact]) => (fact?.attempts ?? 0) >= 1);
    expect((await stream.all()).at(-1)?.event).toBe('done');
    expect((await eventually(() => answerOf(conversation), (answer) => answer.state === 'recalled', 20_000)).content).toBe('该内容已被撤回');
  }, 60_000);
});
