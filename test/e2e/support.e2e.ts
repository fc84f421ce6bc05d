import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../kit/commands.js';
import { admin, logIn, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { Reviewer } from '../kit/reviewing.js';
import { anotherModerator } from '../kit/staff.js';
import { checkWechatPush, closeHumanSession, endWindows, pushWechatEvent, receivedBy, setWechatPush, userEnters, userWrites, type WechatPushForm } from '../kit/wechat-push.js';
import { healWechat, scriptWechat } from '../kit/wechat-script.js';

const TOKEN = 'pushtoken1';
const KEY = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ';
const SECURE = { token: TOKEN, encodingAesKey: KEY, mode: 'secure' } as const;
const PLAIN = { token: TOKEN, mode: 'plain' } as const;

let platform: Platform;
let staff: string;
let moderator: string;
let next = 0;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
  ({ token: moderator } = await anotherModerator(platform, staff, 'desk'));
});
afterAll(async () => platform.stop());

interface Scene {
  readonly tenant: TestTenant;
  readonly user: TestUser;
  readonly openid: string;
  readonly desk: Reviewer;
}

async function scene(form: WechatPushForm = SECURE): Promise<Scene> {
  const tenant = await makeTenant(platform, staff, { push_token: TOKEN, ...(form.mode === 'plain' ? {} : { push_aes_key: KEY }) });
  await setWechatPush(platform, tenant, form);
  const user = await logIn(platform, tenant, `u-${(next += 1)}`);
  const rows = await platform.sql<{ openid: string }>('SELECT openid FROM users WHERE id = $1', [user.id]);
  return { tenant, user, openid: rows[0]?.openid ?? '', desk: new Reviewer(platform, tenant, moderator) };
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what the API answers
const ticketsOf = async ({ desk }: Scene): Promise<any[]> => (await desk.get('support/tickets')).data;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
const onlyTicket = async (set: Scene): Promise<any> => {
  const tickets = await ticketsOf(set);
  expect(tickets).toHaveLength(1);
  return set.desk.get(`support/tickets/${tickets[0].id}`);
};
const textsOf = (ticket: { messages: { author: string; text: string }[] }): [string, string][] => ticket.messages.map(({ author, text }) => [author, text]);

describe('the message push', () => {
  it.each([
    ['plain JSON', { ...PLAIN, format: 'json' }],
    ['plain XML', { ...PLAIN, format: 'xml' }],
    ['sealed JSON', { ...SECURE, format: 'json' }],
    ['sealed XML', { ...SECURE, format: 'xml' }],
    ['compatible', { ...SECURE, mode: 'compatible' }],
  ] as const)('in %s makes what users write a ticket', async (_, form) => {
    const set = await scene(form);
    expect(await checkWechatPush(platform, set.tenant)).toMatchObject({ echoed: true, status: 200 });
    const { deliveries } = await userWrites(platform, set.tenant, set.openid, '有人吗？<b>&😀]]>');
    expect(deliveries).toMatchObject([{ outcome: 'accepted', attempts: [{ status: 200, reply: { kind: 'success' } }] }]);
    expect(deliveries[0]?.attempts[0]?.ms).toBeLessThan(5_000);
    const ticket = await onlyTicket(set);
    expect(ticket).toMatchObject({ user_id: set.user.id, openid: set.openid, channel: 'wechat', state: 'open', wechat_replies_left: 5 });
    expect(textsOf(ticket)).toEqual([['user', '有人吗？<b>&😀]]>']]);
  });

  it('has its effect once, however often and however fast a letter comes', async () => {
    const set = await scene();
    const { msgId } = await userWrites(platform, set.tenant, set.openid, '一次', { times: 6, parallel: true });
    await userWrites(platform, set.tenant, set.openid, '一次', { msgId, times: 2 });
    expect(textsOf(await onlyTicket(set))).toEqual([['user', '一次']]);
    await userWrites(platform, set.tenant, set.openid, '一次');
    expect(textsOf(await onlyTicket(set))).toEqual([['user', '一次'], ['user', '一次']]);
    const createTime = Math.floor(Date.now() / 1000);
    await userEnters(platform, set.tenant, set.openid, { createTime, times: 3 });
    expect((await onlyTicket(set)).wechat_replies_left).toBe(7);
    const letters = await platform.sql<{ count: number }>('SELECT count(*)::int AS count FROM wechat_letters WHERE tenant_id = $1', [set.tenant.id]);
    expect(letters[0]?.count).toBe(3);
  });

  it('keeps the letters of one day at least, and takes old ones along', async () => {
    const set = await scene();
    await userWrites(platform, set.tenant, set.openid, '旧');
    await platform.sql(`INSERT INTO wechat_letters (tenant_id, key, taken_at) VALUES ($1, 'message:1', now() - interval '4 days'), ($1, 'message:2', now() - interval '26 hours')`, [set.tenant.id]);
    await userWrites(platform, set.tenant, set.openid, '新');
    const keys = await platform.sql<{ key: string }>(`SELECT key FROM wechat_letters WHERE tenant_id = $1 AND key IN ('message:1', 'message:2')`, [set.tenant.id]);
    expect(keys).toEqual([{ key: 'message:2' }]);
  });

  it('refuses what can\'t be verified in the same words, and it has no effect', async () => {
    const set = await scene();
    const refusals = new Set<string>();
    for (const variant of ['bad_signature', 'no_signature', 'stale_timestamp'] as const) {
      const answer = await checkWechatPush(platform, set.tenant, variant);
      expect([variant, answer.echoed, answer.status]).toEqual([variant, false, 401]);
      refusals.add(answer.body.replace(/"request_id":"[^"]*"/, ''));
    }
    for (const variant of ['bad_msg_signature', 'no_signature', 'wrong_appid', 'stale_timestamp', 'tampered', 'unencrypted'] as const) {
      const { deliveries } = await userWrites(platform, set.tenant, set.openid, '假的', { variant });
      expect([variant, deliveries[0]?.attempts.map(({ status }) => status)]).toEqual([variant, [401]]);
    }
    const bare = await makeTenant(platform, staff);
    for (const path of [`/webhooks/wechat/${bare.id}`, `/webhooks/wechat/${set.user.id}?signature=x`, `/webhooks/wechat/${set.tenant.id}`]) {
      for (const [type, raw] of [['application/json', '{"a":1}'], ['text/xml', '<xml><a>1</a></xml>'], ['application/json', 'no json'], ['application/json', '']] as const) {
        const answer = await platform.api.call('POST', path, { raw, headers: { 'content-type': type } });
        expect([path, answer.status]).toEqual([path, 401]);
        refusals.add(answer.text.replace(/"request_id":"[^"]*"/, ''));
      }
    }
    expect([...refusals]).toHaveLength(1);
    expect(await ticketsOf(set)).toEqual([]);
  });

  it('takes letters of other kinds, and reads XML nowhere else', async () => {
    const set = await scene();
    expect(await pushWechatEvent(platform, set.tenant, set.openid, 'subscribe_msg_popup_event')).toMatchObject([{ outcome: 'accepted' }]);
    expect(await ticketsOf(set)).toEqual([]);
    const answer = await platform.api.call('POST', '/v1/auth/refresh', { raw: '<xml/>', headers: { 'content-type': 'text/xml' } });
    expect([answer.status, answer.body.error.param]).toEqual([400, 'content-type']);
  });

  it('keeps what somebody writes who never logged in', async () => {
    const set = await scene();
    await userWrites(platform, set.tenant, 'o-stranger', '我还没登录');
    expect(await onlyTicket(set)).toMatchObject({ user_id: null, openid: 'o-stranger', messages: [{ text: '我还没登录' }] });
  });

  it.each([['sealed JSON', SECURE], ['sealed XML', { ...SECURE, format: 'xml' }], ['plain XML', { ...PLAIN, format: 'xml' }]] as const)('hands over to WeChat\'s own desk in %s while the tenant says so', async (_, form) => {
    const set = await scene(form);
    const boss = new Reviewer(platform, set.tenant, staff);
    const rules = await boss.get('desk-rules');
    await boss.put('desk-rules', { ...rules, hand_over: true });
    const { deliveries, msgId } = await userWrites(platform, set.tenant, set.openid, '转人工');
    expect(deliveries).toMatchObject([{ outcome: 'transferred', attempts: [{ reply: { kind: 'transfer', encrypted: form.mode === 'secure' } }] }]);
    await closeHumanSession(platform, set.tenant, set.openid);
    expect((await userWrites(platform, set.tenant, set.openid, '转人工', { msgId })).deliveries).toMatchObject([{ outcome: 'transferred' }]);
    expect(await ticketsOf(set)).toEqual([]);
    await closeHumanSession(platform, set.tenant, set.openid);
    expect(await userEnters(platform, set.tenant, set.openid)).toMatchObject([{ outcome: 'accepted' }]);
    await boss.put('desk-rules', rules);
    expect((await userWrites(platform, set.tenant, set.openid, '你好')).deliveries).toMatchObject([{ outcome: 'accepted' }]);
    expect(textsOf(await onlyTicket(set))).toEqual([['user', '你好']]);
  });
});

describe('a reply of the desk', () => {
  const asked = async (): Promise<Scene & { readonly ticketId: string }> => {
    const set = await scene();
    await userWrites(platform, set.tenant, set.openid, '怎么退款');
    return { ...set, ticketId: (await onlyTicket(set)).id as string };
  };
  const reply = (set: { desk: Reviewer; ticketId: string }, text: string, more: object = {}) => set.desk.post(`support/tickets/${set.ticketId}/reply`, { text, ...more });

  it('reaches the user five times for each message, and tells what is left', async () => {
    const set = await asked();
    for (let each = 1; each <= 5; each += 1) {
      expect((await reply(set, `第 ${each} 条`)).body).toMatchObject({ delivery: 'sent', via: 'wechat', author: 'staff' });
      expect((await onlyTicket(set)).wechat_replies_left).toBe(5 - each);
    }
    const sixth = await reply(set, '第 6 条');
    expect([sixth.status, sixth.body.error.code, sixth.body.error.param]).toEqual([429, 'rate_limited', 'via']);
    const received = await receivedBy(platform, set.tenant, set.openid, 5);
    expect(received.messages.map(({ content }) => content)).toEqual([1, 2, 3, 4, 5].map((each) => ({ content: `第 ${each} 条` })));
    expect((await onlyTicket(set)).state).toBe('answered');
    await userWrites(platform, set.tenant, set.openid, '谢谢');
    expect(await onlyTicket(set)).toMatchObject({ state: 'open', wechat_replies_left: 5 });
    expect((await reply(set, '不客气')).status).toBe(201);
  });

  it('never goes out more often than WeChat lets it, whoever sends at once', async () => {
    const set = await asked();
    const statuses = (await Promise.all(Array.from({ length: 9 }, (_, each) => reply(set, `${each}`)))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(4);
    expect(await receivedBy(platform, set.tenant, set.openid, 5)).toMatchObject({ answersLeft: 0 });
  });

  it('is refused when the window is over, by our count and by WeChat\'s', async () => {
    const set = await asked();
    await endWindows(platform, set.tenant, set.openid);
    const denied = await reply(set, '太晚');
    expect([denied.status, denied.body.error.code]).toEqual([409, 'conflict']);
    expect(await onlyTicket(set)).toMatchObject({ state: 'open', wechat_replies_left: 0, wechat_replies_until: null, messages: [{ author: 'user' }, { author: 'staff', delivery: 'failed' }] });
    await userWrites(platform, set.tenant, set.openid, '还在吗');
    await platform.sql(`UPDATE support_windows SET written_until = now() WHERE tenant_id = $1`, [set.tenant.id]);
    expect((await reply(set, '太晚')).status).toBe(409);
    expect((await receivedBy(platform, set.tenant, set.openid)).messages).toEqual([]);
    expect((await reply(set, '站内回复', { via: 'app' })).body).toMatchObject({ delivery: 'kept', via: 'app' });
  });

  it('is sent once for one key', async () => {
    const set = await asked();
    const path = `/admin/v1/tenants/${set.tenant.id}/support/tickets/${set.ticketId}/reply`;
    const send = (text: string) => platform.api.post(path, { text }, { token: moderator, headers: { 'idempotency-key': 'k1' } });
    const answers = await Promise.all([send('一次'), send('一次'), send('一次')]);
    expect(new Set(answers.map(({ body }) => body.id as string)).size).toBe(1);
    expect((await send('另一句')).status).toBe(409);
    expect((await receivedBy(platform, set.tenant, set.openid, 1)).messages).toHaveLength(1);
  });

  it('gives its count back when WeChat refuses, and leaves it unknown when WeChat does not answer', async () => {
    const set = await asked();
    const busy = { path: '/cgi-bin/message/custom/send', errcode: 45009 };
    await scriptWechat(platform, { next: [busy] });
    const refused = await reply(set, '一');
    expect([refused.status, refused.body.error.code]).toEqual([429, 'rate_limited']);
    expect(JSON.stringify(refused.body)).not.toContain('45009');
    expect((await onlyTicket(set)).wechat_replies_left).toBe(5);
    await scriptWechat(platform, { next: [{ path: '/cgi-bin/message/custom/send', reset: true, after: true }] });
    const unknown = await reply(set, '二');
    await healWechat(platform);
    expect([unknown.status, unknown.body.delivery]).toEqual([201, 'unknown']);
    expect((await onlyTicket(set)).wechat_replies_left).toBe(4);
    expect((await receivedBy(platform, set.tenant, set.openid)).messages).toHaveLength(1);
  });

  it('is bounded, and not given to a ticket that is closed', async () => {
    const set = await asked();
    expect((await reply(set, '长'.repeat(683))).body.error.param).toBe('text');
    expect((await reply(set, '长'.repeat(683), { via: 'app' })).status).toBe(201);
    expect((await reply(set, ' ')).status).toBe(400);
    expect((await reply(set, 'x', { via: 'post' })).body.error.param).toBe('via');
    expect((await set.desk.post(`support/tickets/${set.ticketId}/close`)).body.state).toBe('closed');
    expect((await set.desk.post(`support/tickets/${set.ticketId}/close`)).status).toBe(200);
    expect((await reply(set, 'x')).status).toBe(409);
    await userWrites(platform, set.tenant, set.openid, '又来了');
    expect((await ticketsOf(set)).map(({ state }) => state as string)).toEqual(['open', 'closed']);
    const record = (await new Reviewer(platform, set.tenant, staff).get(`staff-actions?subject_id=${set.ticketId}`)).data;
    expect(record.map(({ action }: { action: string }) => action)).toEqual(['ticket.close', 'ticket.reply']);
  });
});

describe('a user who asks for a person', () => {
  const ask = (user: TestUser, body: object) => platform.api.post('/v1/support/tickets', body, { token: user.token });

  it('has one open ticket, wherever they write, and reads the answers', async () => {
    const set = await scene();
    const made = await ask(set.user, { text: '答案不对', run_id: set.user.id });
    expect([made.status, made.body.state, made.body.run_id]).toEqual([201, 'open', set.user.id]);
    await ask(set.user, { text: '补充一句' });
    await userWrites(platform, set.tenant, set.openid, '微信里再说一句');
    const ticket = await onlyTicket(set);
    expect([ticket.id, ticket.channel, textsOf(ticket)]).toEqual([made.body.id, 'wechat', [['user', '答案不对'], ['user', '补充一句'], ['user', '微信里再说一句']]]);
    await set.desk.post(`support/tickets/${ticket.id}/reply`, { text: '已修正', via: 'app' });
    const own = await platform.api.ok('GET', `/v1/support/tickets/${ticket.id}`, { token: set.user.token });
    expect([own.state, own.messages.at(-1).text, own.messages.at(-1).staff_id]).toEqual(['answered', '已修正', undefined]);
    expect((await platform.api.ok('GET', '/v1/support/tickets', { token: set.user.token })).data).toHaveLength(1);
    expect((await platform.api.ok('GET', '/v1/me/notices', { token: set.user.token })).data).toMatchObject([{ kind: 'support_replied', subject_id: ticket.id }]);
  });

  it('sees their own tickets only, and is bounded', async () => {
    const set = await scene();
    const { id } = (await ask(set.user, { text: '我的' })).body;
    const stranger = await logIn(platform, set.tenant, 'stranger');
    expect((await platform.api.get(`/v1/support/tickets/${id}`, { token: stranger.token })).status).toBe(404);
    expect((await platform.api.ok('GET', '/v1/support/tickets', { token: stranger.token })).data).toEqual([]);
    expect((await ask(set.user, { text: ' ' })).body.error.param).toBe('text');
    expect((await ask(set.user, { text: 'x', run_id: 'y' })).body.error.param).toBe('run_id');
    const statuses: number[] = [];
    for (let each = 0; each < 21; each += 1) statuses.push((await ask(set.user, { text: `${each}` })).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([201, 429]);
    const elsewhere = await scene();
    expect((await elsewhere.desk.post(`support/tickets/${id}/reply`, { text: 'x' })).status).toBe(404);
  });

  it('writes what is kept sealed', async () => {
    const set = await scene();
    await ask(set.user, { text: '独一无二的问题' });
    const rows = await platform.sql<{ text: string }>('SELECT text FROM support_messages WHERE tenant_id = $1', [set.tenant.id]);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.text).toMatch(/^v1\./);
  });

  it('has their words erased with the account', async () => {
    const set = await scene();
    await ask(set.user, { text: '请帮我' });
    await userWrites(platform, set.tenant, set.openid, '微信里');
    const { id } = await onlyTicket(set);
    expect((await platform.api.call('DELETE', '/v1/me', { token: set.user.token })).status).toBe(204);
    expect(await set.desk.get(`support/tickets/${id}`)).toMatchObject({ state: 'closed', openid: `erased:${id}`, messages: [], wechat_replies_left: 0 });
    await userWrites(platform, set.tenant, set.openid, '又是我');
    expect(await ticketsOf(set)).toMatchObject([{ user_id: null, openid: set.openid }, { id }]);
  });

  it('writes what is sealed anew when the master key is rotated', async () => {
    const set = await scene();
    const { id } = (await ask(set.user, { text: '换钥匙' })).body;
    const sealed = async (): Promise<string> => (await platform.sql<{ text: string }>('SELECT text FROM support_messages WHERE tenant_id = $1', [set.tenant.id]))[0]?.text ?? '';
    const keys = { MASTER_KEY_2: Buffer.alloc(32, 7).toString('base64') };
    expect((await runCommand('rotate-keys', { ...platform.environment(), ...keys })).code).toBe(0);
    expect(await sealed()).toMatch(/^v2\./);
    const node = await platform.spawn('api', keys);
    expect((await node.api.ok('GET', `/v1/support/tickets/${id}`, { token: set.user.token })).messages).toMatchObject([{ text: '换钥匙' }]);
    const former = await platform.api.ok('GET', `/v1/support/tickets/${id}`, { token: set.user.token });
    expect(former.messages).toMatchObject([{ text: null }]);
  });
});
