import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeApiKey, makeConversation, makeTenant, type TestUser } from '../kit/factories.js';
import { listWords } from '../kit/moderation.js';
import { Platform, type Node } from '../kit/platform.js';
import { Reviewer, makeScene } from '../kit/reviewing.js';
import { anotherModerator } from '../kit/staff.js';
import { scripted, unseen } from '../kit/upstream-script.js';

let platform: Platform;
let edge: Node;
let staff: string;
let bert: { readonly id: string; readonly token: string };

beforeAll(async () => {
  platform = await Platform.start();
  edge = await platform.spawn('api');
  staff = await admin(platform);
  bert = await anotherModerator(platform, staff, 'bert');
});
afterAll(async () => platform.stop());

const scene = () => makeScene(platform, staff, bert.token);

const offend = async (reviewer: Reviewer, user: TestUser, times: number): Promise<string[]> => {
  const runs: string[] = [];
  for (let each = 0; each < times; each += 1) runs.push(await reviewer.findOffending(user));
  return runs;
};
const kinds = async (reviewer: Reviewer, user: TestUser): Promise<[string, string][]> => (await reviewer.get(`sanctions?user_id=${user.id}`)).data.map((each: { kind: string; state: string }) => [each.kind, each.state]);
const ask = (user: TestUser, api = platform.api) => api.post('/v1/chat/completions', { messages: [{ role: 'user', content: scripted({ tokens: 1 }) }] }, { token: user.token });
const notices = async (user: TestUser): Promise<{ id: string; kind: string; text: string; read_at: string | null }[]> => (await platform.api.ok('GET', '/v1/me/notices', { token: user.token })).data;

describe('the ladder', () => {
  it('warns, mutes, and proposes a ban that two people have to want', async () => {
    const { user, anna, other } = await scene();
    await offend(anna, user, 2);
    expect(await kinds(anna, user)).toEqual([]);
    await offend(anna, user, 2);
    expect(await kinds(anna, user)).toEqual([['warn', 'active']]);
    expect((await ask(user)).status).toBe(200);
    await offend(anna, user, 5);
    expect(await kinds(anna, user)).toEqual([['mute', 'active'], ['warn', 'active']]);
    await offend(anna, user, 1);
    expect(await kinds(anna, user)).toEqual([['ban', 'proposed'], ['mute', 'active'], ['warn', 'active']]);
    expect((await anna.get(`staff-actions?user_id=${user.id}&limit=1`)).data).toMatchObject([{ action: 'sanction.propose', staff_id: null }]);
    const [proposal] = (await anna.get(`reviews?kind=ban`)).data;
    expect(proposal).toMatchObject({ state: 'waiting', user_id: user.id, reason: '168 小时内 10 条消息违规' });
    expect((await anna.decide(proposal.id as string, 'approve')).state).toBe('needs_second');
    expect((await platform.api.get('/v1/me', { token: user.token })).status).toBe(200);
    expect((await anna.act(proposal.id as string, 'claim')).status).toBe(409);
    expect(await other.decide(proposal.id as string, 'approve')).toMatchObject({ state: 'approved', decided_by: bert.id });
    await eventually(() => edge.api.get('/v1/me', { token: user.token }), ({ body }) => body.error?.code === 'user_banned', 1_000);
    expect((await kinds(anna, user))[0]).toEqual(['ban', 'active']);
    expect((await anna.get(`users`)).data.find((each: { id: string }) => each.id === user.id)).toMatchObject({ standing: 'banned' });
  });

  it('counts a run once, however often and however fast it is told', async () => {
    const { user, anna, other } = await scene();
    const run = randomUUID();
    await Promise.all([anna.findOffending(user, run), other.findOffending(user, run), anna.findOffending(user, run), other.findOffending(user, run)]);
    await anna.findOffending(user);
    expect(await kinds(anna, user)).toEqual([]);
    await Promise.all([anna.findOffending(user), other.findOffending(user), anna.findOffending(user)]);
    expect((await kinds(anna, user)).filter(([kind]) => kind === 'warn')).toHaveLength(1);
    const rows = await platform.sql<{ runs: number }>('SELECT count(DISTINCT run_id)::int AS runs FROM offences WHERE user_id = $1', [user.id]);
    expect(rows[0]?.runs).toBe(5);
  });

  it('forgets what is too old', async () => {
    const { user, anna } = await scene();
    await offend(anna, user, 2);
    await platform.sql(`UPDATE offences SET created_at = created_at - interval '25 hours' WHERE user_id = $1`, [user.id]);
    await offend(anna, user, 2);
    expect(await kinds(anna, user)).toEqual([]);
    await offend(anna, user, 1);
    expect(await kinds(anna, user)).toEqual([['warn', 'active']]);
  });

  it('is the tenant\'s own: other counts, a ban at once, or nothing at all', async () => {
    const { user, anna, tenant } = await scene();
    const rules = await anna.get('desk-rules');
    expect(rules).toEqual({
      ladder: [
        { kind: 'warn', count: 3, within_seconds: 86_400, automatic: false },
        { kind: 'mute', count: 5, within_seconds: 86_400, mute_seconds: 3_600, automatic: false },
        { kind: 'ban', count: 10, within_seconds: 604_800, automatic: false },
      ],
      answers_per_offence: 3, review_due_minutes: 1_440, claim_minutes: 15, ban_by_one: false, hand_over: false,
    });
    await anna.put('desk-rules', { ...rules, ladder: [] });
    await offend(anna, user, 4);
    expect(await kinds(anna, user)).toEqual([]);
    await anna.put('desk-rules', { ...rules, ladder: [{ kind: 'ban', count: 5, within_seconds: 3_600, automatic: true }] });
    await offend(anna, user, 1);
    expect(await kinds(anna, user)).toEqual([['ban', 'active']]);
    expect((await platform.api.get('/v1/me', { token: user.token })).body.error.code).toBe('user_banned');
    const refused = async (body: object): Promise<[number, string]> => {
      const answer = await platform.api.call('PUT', `/admin/v1/tenants/${tenant.id}/desk-rules`, { token: staff, body: { ...rules, ...body } });
      return [answer.status, answer.body.error?.param];
    };
    expect(await refused({ ladder: [{ kind: 'warn', count: 0, within_seconds: 60 }] })).toEqual([400, 'ladder[0].count']);
    expect(await refused({ ladder: [{ kind: 'mute', count: 1, within_seconds: 60 }] })).toEqual([400, 'ladder[0].mute_seconds']);
    expect(await refused({ ladder: [{ kind: 'warn', count: 1, within_seconds: 60 }, { kind: 'warn', count: 2, within_seconds: 60 }] })).toEqual([400, 'ladder']);
    expect(await refused({ claim_minutes: 0 })).toEqual([400, 'claim_minutes']);
    expect(await refused({ more: 1 })).toEqual([400, 'more']);
  });

  it('proposes no second ban for what people have judged', async () => {
    const { user, anna } = await scene();
    await anna.put('desk-rules', { ...(await anna.get('desk-rules')), ladder: [{ kind: 'ban', count: 2, within_seconds: 3_600, automatic: false }] });
    await offend(anna, user, 3);
    expect(await kinds(anna, user)).toEqual([['ban', 'proposed']]);
    await anna.decide((await anna.get('reviews?kind=ban')).data[0].id as string, 'reject');
    expect(await kinds(anna, user)).toEqual([['ban', 'refused']]);
    await offend(anna, user, 1);
    expect((await anna.get('reviews?kind=ban')).data).toEqual([]);
    await offend(anna, user, 1);
    expect((await anna.get('reviews?kind=ban')).data).toHaveLength(1);
  });
});

describe('answers that are broken off', () => {
  it('end in the ladder, later than refused questions do, and can be appealed', async () => {
    const { tenant, user, anna } = await scene();
    await listWords(platform, staff, tenant, [{ text: '绝密词甲', action: 'block' }]);
    const conversation = await makeConversation(platform.api, user);
    const bait = async () => (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: unseen({ text: '故事讲完了。绝密词甲' }) } })).all();
    const offences = async (): Promise<number> => (await platform.sql<{ count: number }>(`SELECT count(*)::int AS count FROM offences WHERE user_id = $1 AND stage = 'output'`, [user.id]))[0]?.count ?? 0;
    for (let each = 1; each <= 8; each += 1) expect((await bait()).at(-1)?.data.finish_reason).toBe('content_filter');
    await eventually(offences, (count) => count === 8);
    expect(await kinds(anna, user)).toEqual([]);
    await bait();
    expect(await eventually(() => kinds(anna, user), (found) => found.length > 0)).toEqual([['warn', 'active']]);
    const [answer] = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;
    expect((await platform.api.post('/v1/appeals', { kind: 'message', run_id: answer.run_id, text: '我没有要求这个' }, { token: user.token })).status).toBe(201);
  });

  it('count as the tenant says: one for one, or not at all', async () => {
    const { tenant, user, anna } = await scene();
    await listWords(platform, staff, tenant, [{ text: '绝密词甲', action: 'block' }]);
    const rules = await anna.get('desk-rules');
    const another = await logIn(platform, tenant, 'another');
    for (const [who, answers_per_offence, expected] of [[user, 0, []], [another, 1, [['warn', 'active']]]] as const) {
      await anna.put('desk-rules', { ...rules, answers_per_offence });
      const conversation = await makeConversation(platform.api, who);
      for (let each = 0; each < 3; each += 1) await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: who.token, body: { content: unseen({ text: '绝密词甲' }) } })).all();
      await eventually(() => platform.sql('SELECT 1 FROM offences WHERE user_id = $1', [who.id]), (rows) => rows.length === 3);
      expect(await eventually(() => kinds(anna, who), (found) => found.length === expected.length)).toEqual(expected);
    }
  });
});

describe('a mute', () => {
  const mute = (anna: Reviewer, user: TestUser, seconds = 3_600) => anna.post('sanctions', { user_id: user.id, kind: 'mute', seconds, reason: '刷屏' });

  it('closes every door that starts a run, on every node within a second, and no other', async () => {
    const { user, anna } = await scene();
    const conversation = await makeConversation(platform.api, user);
    await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages?format=sse`, { token: user.token, body: { content: scripted({ tokens: 1 }) } })).all();
    const key = await makeApiKey(platform, user);
    const [answer] = (await platform.api.ok('GET', `/v1/conversations/${conversation}/messages`, { token: user.token })).data;
    const made = await mute(anna, user);
    expect([made.status, made.body.kind, made.body.state]).toEqual([201, 'mute', 'active']);
    await eventually(() => ask(user, edge.api), ({ status }) => status === 403, 1_000);
    const doors = [
      ['POST', `/v1/conversations/${conversation}/messages`, user.token, { content: 'x' }],
      ['POST', `/v1/messages/${answer.id}/regenerate`, user.token, {}],
      ['POST', '/v1/chat/completions', user.token, { messages: [{ role: 'user', content: 'x' }] }],
      ['POST', '/v1/chat/completions', key, { messages: [{ role: 'user', content: 'x' }] }],
    ] as const;
    for (const [method, path, token, body] of doors) {
      const refused = await platform.api.call(method, path, { token, body });
      expect([path, refused.status, refused.body.error.code, refused.body.error.details.until]).toEqual([path, 403, 'user_muted', made.body.until]);
      expect(refused.body.error.message).toMatch(/^你已被禁言至 \d{4}-\d\d-\d\d \d\d:\d\d（北京时间）/);
      expect(refused.headers.get('retry-after')).toMatch(/^3[56]\d\d$/);
    }
    for (const path of ['/v1/me', '/v1/wallet', '/v1/conversations', `/v1/conversations/${conversation}/messages`, '/v1/models']) expect([path, (await platform.api.get(path, { token: user.token })).status]).toEqual([path, 200]);
    expect((await logIn(platform, user.tenant)).id).toBe(user.id);
  });

  it('ends by itself', async () => {
    const { user, anna } = await scene();
    await mute(anna, user);
    await ask(user);
    await platform.sql(`UPDATE users SET muted_until = now() + interval '900 ms' WHERE id = $1`, [user.id]);
    // Another session is another entry of the cache, which reads the row that was changed behind the platform's back.
    const again = await logIn(platform, user.tenant);
    expect((await ask(again)).status).toBe(403);
    await eventually(() => ask(again), ({ status }) => status === 200, 3_000);
  });

  it('is lifted by staff, everywhere within a second, and the longest that is left holds', async () => {
    const { user, anna } = await scene();
    const [short, long] = [await mute(anna, user, 600), await mute(anna, user, 6_000)];
    expect((await ask(user)).body.error.details.until).toBe(long.body.until);
    expect((await anna.post(`sanctions/${long.body.id}/lift`, { note: '误判' })).body).toMatchObject({ state: 'lifted' });
    expect((await ask(user)).body.error.details.until).toBe(short.body.until);
    await anna.post(`sanctions/${short.body.id}/lift`, {});
    await eventually(() => ask(user, edge.api), ({ status }) => status === 200, 1_000);
    expect((await anna.post(`sanctions/${short.body.id}/lift`, {})).status).toBe(200);
    expect((await notices(user)).map(({ kind }) => kind)).toEqual(['sanction_lifted', 'sanction_lifted', 'muted', 'muted']);
  });
});

describe('sanctions by hand', () => {
  it('warn, and tell the user, who marks it read', async () => {
    const { user, anna, tenant } = await scene();
    await anna.post('sanctions', { user_id: user.id, kind: 'warn', reason: '广告' });
    const [notice] = await notices(user);
    expect([notice?.kind, notice?.read_at]).toEqual(['warned', null]);
    const stranger = await logIn(platform, tenant, 'stranger');
    expect((await platform.api.post(`/v1/me/notices/${notice?.id}/read`, undefined, { token: stranger.token })).status).toBe(404);
    expect((await platform.api.post(`/v1/me/notices/${notice?.id}/read`, undefined, { token: user.token })).status).toBe(204);
    const readAt = (await notices(user))[0]?.read_at;
    await platform.api.post(`/v1/me/notices/${notice?.id}/read`, undefined, { token: user.token });
    expect([typeof readAt, (await notices(user))[0]?.read_at]).toEqual(['string', readAt]);
  });

  it('of a ban wait for somebody else, and are proposed once', async () => {
    const { user, anna, other } = await scene();
    const ban = { user_id: user.id, kind: 'ban', reason: '诈骗' };
    const made = await anna.post('sanctions', ban);
    expect(made.body).toMatchObject({ state: 'proposed' });
    expect((await other.post('sanctions', ban)).status).toBe(409);
    const [proposal] = (await anna.get('reviews?kind=ban')).data;
    expect(proposal).toMatchObject({ state: 'needs_second', subject_id: made.body.id });
    expect((await anna.act(proposal.id as string, 'claim')).status).toBe(409);
    expect((await anna.post(`sanctions/${made.body.id}/lift`, {})).status).toBe(409);
    await other.decide(proposal.id as string, 'approve');
    expect((await platform.api.get('/v1/me', { token: user.token })).body.error.code).toBe('user_banned');
    await anna.put(`users/${user.id}/standing`, { standing: 'active' });
    expect(await kinds(anna, user)).toEqual([['ban', 'lifted']]);
    expect((await platform.api.get('/v1/me', { token: user.token })).status).toBe(200);
    const record = await anna.get(`staff-actions?user_id=${user.id}`);
    expect(record.data.map((each: { action: string }) => each.action)).toEqual(['user.unban', 'sanction.lift', 'sanction.impose', 'review.approve', 'review.claim', 'sanction.propose']);
  });

  it('are refused where they make no sense', async () => {
    const { user, anna, tenant } = await scene();
    const elsewhere = await logIn(platform, await makeTenant(platform, staff));
    const refused = async (body: object): Promise<[number, string]> => {
      const answer = await anna.post('sanctions', { user_id: user.id, kind: 'mute', seconds: 60, reason: 'x', ...body });
      return [answer.status, answer.body.error?.param];
    };
    expect(await refused({ seconds: undefined })).toEqual([400, 'seconds']);
    expect(await refused({ seconds: 59 })).toEqual([400, 'seconds']);
    expect(await refused({ kind: 'shout' })).toEqual([400, 'kind']);
    expect(await refused({ reason: ' ' })).toEqual([400, 'reason']);
    expect(await refused({ user_id: elsewhere.id })).toEqual([404, 'user_id']);
    expect((await platform.api.get(`/admin/v1/tenants/${tenant.id}/sanctions/${randomUUID()}`, { token: staff })).body.error.param).toBe('sanction_id');
  });
});
