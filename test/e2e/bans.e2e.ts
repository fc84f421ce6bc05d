import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform, type Node } from '../kit/platform.js';
import { Reviewer, makeScene } from '../kit/reviewing.js';
import { anotherModerator } from '../kit/staff.js';
import { scripted } from '../kit/upstream-script.js';

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

const kinds = async (reviewer: Reviewer, user: TestUser): Promise<[string, string][]> => (await reviewer.get(`sanctions?user_id=${user.id}`)).data.map((each: { kind: string; state: string }) => [each.kind, each.state]);
const ask = (user: TestUser, api = platform.api) => api.post('/v1/chat/completions', { messages: [{ role: 'user', content: scripted({ tokens: 1 }) }] }, { token: user.token });
const notices = async (user: TestUser): Promise<{ kind: string }[]> => (await platform.api.ok('GET', '/v1/me/notices', { token: user.token })).data;

describe('a ban in a hurry', () => {
  const put = (tenant: TestTenant, user: TestUser, token: string, standing = 'banned') => platform.api.call('PUT', `/admin/v1/tenants/${tenant.id}/users/${user.id}/standing`, { token, body: { standing, reason: '诈骗' } });
  const me = async (user: TestUser): Promise<unknown> => (await edge.api.get('/v1/me', { token: user.token })).body.error?.code;

  it('silences at once, everywhere, and bans when a second person wants it', async () => {
    const { tenant, user, anna, other } = await scene();
    const first = await put(tenant, user, staff);
    expect([first.status, first.body.standing]).toEqual([202, 'active']);
    const left = Date.parse(first.body.pending_ban.muted_until as string) - Date.now();
    expect([left > 23 * 3_600_000, left <= 24 * 3_600_000]).toEqual([true, true]);
    await eventually(() => ask(user, edge.api), ({ body }) => body.error?.code === 'user_muted', 1_000);
    expect(await me(user)).toBeUndefined();
    // Asking again is neither a second person nor a longer mute.
    expect((await put(tenant, user, staff)).body).toEqual(first.body);
    expect(await kinds(anna, user)).toEqual([['mute', 'active'], ['ban', 'proposed']]);
    const [item] = (await anna.get('reviews?kind=ban')).data;
    expect(item).toMatchObject({ state: 'needs_second', subject_id: first.body.pending_ban.sanction_id, reason: '诈骗' });
    expect((await anna.act(item.id as string, 'claim')).status).toBe(409);
    await other.decide(item.id as string, 'approve');
    await eventually(() => me(user), (code) => code === 'user_banned', 1_000);
    expect([(await put(tenant, user, staff)).status, await kinds(anna, user)]).toEqual([200, [['mute', 'lifted'], ['ban', 'active']]]);
    expect((await put(tenant, user, staff, 'active')).body).toMatchObject({ standing: 'active', pending_ban: null });
    expect((await ask(user)).status).toBe(200);
  });

  it('ends with the second person\'s no, and is only bounded silence where nobody comes', async () => {
    const { tenant, user, anna, other } = await scene();
    await put(tenant, user, staff);
    const [item] = (await anna.get('reviews?kind=ban')).data;
    await other.decide(item.id as string, 'reject');
    await eventually(() => ask(user, edge.api), ({ status }) => status === 200, 1_000);
    expect([await kinds(anna, user), (await notices(user)).map(({ kind }) => kind)]).toEqual([[['mute', 'lifted'], ['ban', 'refused']], ['sanction_lifted', 'muted']]);
    await put(tenant, user, staff);
    await platform.sql(`UPDATE sanctions SET until = now() WHERE user_id = $1 AND state = 'active'`, [user.id]);
    expect((await put(tenant, user, staff)).body).toMatchObject({ standing: 'active', pending_ban: { muted_until: null } });
    expect((await kinds(anna, user)).slice(0, 2)).toEqual([['mute', 'active'], ['ban', 'proposed']]);
  });

  it('is taken back by whoever asks for the standing before, the ban alone waits on', async () => {
    const { tenant, user, anna } = await scene();
    const first = await put(tenant, user, staff);
    expect((await put(tenant, user, staff, 'active')).body.pending_ban).toEqual({ ...first.body.pending_ban, muted_until: null });
    await eventually(() => ask(user, edge.api), ({ status }) => status === 200, 1_000);
    expect(await kinds(anna, user)).toEqual([['mute', 'lifted'], ['ban', 'proposed']]);
    expect((await put(tenant, user, staff)).body.pending_ban.muted_until).toBeNull();
  });

  it('is one person\'s where the tenant\'s rules say so, by either way', async () => {
    const { tenant, user, anna } = await scene();
    await anna.put('desk-rules', { ...(await anna.get('desk-rules')), ban_by_one: true });
    expect([(await put(tenant, user, staff)).status, await me(user)]).toEqual([200, 'user_banned']);
    const another = await logIn(platform, tenant, 'another');
    expect((await anna.post('sanctions', { user_id: another.id, kind: 'ban', reason: '诈骗' })).body.state).toBe('active');
    await eventually(() => me(another), (code) => code === 'user_banned', 1_000);
  });

  it('counts once when many want it at once', async () => {
    const { tenant, user, anna } = await scene();
    const answers = await Promise.all(Array.from({ length: 6 }, () => put(tenant, user, staff)));
    expect([new Set(answers.map(({ status }) => status)), await kinds(anna, user)]).toEqual([new Set([202]), [['mute', 'active'], ['ban', 'proposed']]]);
  });
});
