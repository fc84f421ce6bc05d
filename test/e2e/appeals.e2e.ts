import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, logIn, loginCode, makeApiKey, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { banUser } from '../kit/staff.js';
import { Reviewer } from '../kit/reviewing.js';

let platform: Platform;
let staff: string;
let next = 0;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterAll(async () => platform.stop());

async function scene(): Promise<{ tenant: TestTenant; user: TestUser; name: string; anna: Reviewer }> {
  const tenant = await makeTenant(platform, staff);
  const name = `a-${(next += 1)}`;
  return { tenant, name, user: await logIn(platform, tenant, name), anna: new Reviewer(platform, tenant, staff) };
}

const appeal = (token: string, body: object) => platform.api.post('/v1/appeals', { text: '我没有违规', ...body }, { token });
const own = async (token: string): Promise<{ id: string; state: string; answer: string | null; text: string }[]> => (await platform.api.ok('GET', '/v1/appeals', { token })).data;
const reviewOf = async (anna: Reviewer, appealId: string): Promise<string> => (await anna.get('reviews?kind=appeal')).data.find((each: { subject_id: string }) => each.subject_id === appealId).id;

describe('an appeal', () => {
  it('against a refused message forgives it, and what it brought about', async () => {
    const { user, anna } = await scene();
    const runs = [await anna.findOffending(user), await anna.findOffending(user), await anna.findOffending(user)];
    const made = await appeal(user.token, { kind: 'message', run_id: runs[2] });
    expect([made.status, made.body.state, made.body.subject_id]).toEqual([201, 'open', runs[2]]);
    const twice = await appeal(user.token, { kind: 'message', run_id: runs[2] });
    expect([twice.status, twice.body.error.code]).toEqual([409, 'conflict']);
    const review = await reviewOf(anna, made.body.id as string);
    expect(await anna.get(`reviews/${review}`)).toMatchObject({ kind: 'appeal', excerpt: '我没有违规', run_id: runs[2], user_id: user.id });
    await anna.decide(review, 'approve', '属于误判');
    expect(await own(user.token)).toMatchObject([{ state: 'accepted', answer: '属于误判', text: '我没有违规' }]);
    expect((await anna.get(`sanctions?user_id=${user.id}`)).data).toMatchObject([{ kind: 'warn', state: 'lifted' }]);
    await anna.findOffending(user);
    expect((await anna.get(`sanctions?user_id=${user.id}&state=active`)).data).toEqual([]);
    expect((await appeal(user.token, { kind: 'message', run_id: runs[2] })).body.error.param).toBe('run_id');
    const kinds = (await platform.api.ok('GET', '/v1/me/notices', { token: user.token })).data.map((each: { kind: string }) => each.kind);
    expect(kinds).toEqual(['sanction_lifted', 'appeal_accepted', 'warned']);
  });

  it('that is not right changes nothing, and tells why', async () => {
    const { user, anna } = await scene();
    const mute = (await anna.post('sanctions', { user_id: user.id, kind: 'mute', seconds: 3_600, reason: '刷屏' })).body;
    const made = await appeal(user.token, { kind: 'sanction', sanction_id: mute.id });
    await anna.decide(await reviewOf(anna, made.body.id as string), 'reject', '证据充分');
    expect(await own(user.token)).toMatchObject([{ state: 'rejected', answer: '证据充分' }]);
    expect((await anna.get(`sanctions/${mute.id}`)).state).toBe('active');
    expect((await platform.api.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] }, { token: user.token })).body.error.code).toBe('user_muted');
  });

  it('against a sanction lifts it', async () => {
    const { user, anna } = await scene();
    const mute = (await anna.post('sanctions', { user_id: user.id, kind: 'mute', seconds: 3_600, reason: '刷屏' })).body;
    await anna.decide(await reviewOf(anna, (await appeal(user.token, { kind: 'sanction', sanction_id: mute.id })).body.id as string), 'approve');
    expect((await platform.api.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'x' }] }, { token: user.token })).status).toBe(200);
    expect((await appeal(user.token, { kind: 'sanction', sanction_id: mute.id })).status).toBe(409);
  });

  it('is of one\'s own matters, in a bounded length, and not all the time', async () => {
    const { user, anna, tenant } = await scene();
    const stranger = await logIn(platform, tenant, 'stranger');
    const run = await anna.findOffending(user);
    const warn = (await anna.post('sanctions', { user_id: user.id, kind: 'warn', reason: '广告' })).body;
    const refused = async (token: string, body: object): Promise<[number, string]> => {
      const answer = await appeal(token, body);
      return [answer.status, answer.body.error?.param];
    };
    expect(await refused(stranger.token, { kind: 'message', run_id: run })).toEqual([404, 'run_id']);
    expect(await refused(stranger.token, { kind: 'sanction', sanction_id: warn.id })).toEqual([404, 'sanction_id']);
    expect(await refused(user.token, { kind: 'message' })).toEqual([400, 'run_id']);
    expect(await refused(user.token, { kind: 'sanction' })).toEqual([400, 'sanction_id']);
    expect(await refused(user.token, { kind: 'ban' })).toEqual([409, 'kind']);
    expect(await refused(user.token, { kind: 'message', run_id: run, text: ' ' })).toEqual([400, 'text']);
    expect(await refused(user.token, { kind: 'message', run_id: run, text: '长'.repeat(1_001) })).toEqual([400, 'text']);
    expect((await appeal(user.token, { kind: 'message', run_id: run, text: '😀'.repeat(1_000) })).status).toBe(201);
    const statuses = [];
    for (let each = 0; each < 10; each += 1) statuses.push((await appeal(user.token, { kind: 'ban' })).status);
    expect([statuses[0], statuses.at(-1)]).toEqual([409, 429]);
    expect(await own(stranger.token)).toEqual([]);
  });

  it('is kept sealed', async () => {
    const { user, anna } = await scene();
    await appeal(user.token, { kind: 'message', run_id: await anna.findOffending(user), text: '独一无二的申诉' });
    const rows = await platform.sql<{ text: string; excerpt: string }>(`SELECT a.text, r.excerpt FROM appeals a JOIN reviews r ON r.subject_id = a.id WHERE a.user_id = $1`, [user.id]);
    expect(rows).toHaveLength(1);
    expect(`${rows[0]?.text}${rows[0]?.excerpt}`).not.toContain('独一无二');
    expect(rows[0]?.excerpt).toMatch(/^v\d+\./);
  });
});

describe('a banned user', () => {
  const ban = (tenant: TestTenant, user: TestUser) => banUser(platform, staff, tenant.id, user.id);
  const appealLogin = async (tenant: TestTenant, name: string) => platform.api.post('/v1/auth/appeal', { code: await loginCode(platform, tenant, name) }, { headers: { 'x-tenant': tenant.slug } });

  it('appeals with the token it has, or logs in for it, and is let in again', async () => {
    const { tenant, user, name, anna } = await scene();
    expect((await appealLogin(tenant, name)).status).toBe(409);
    await ban(tenant, user);
    expect((await platform.api.post('/v1/auth/wechat', { code: await loginCode(platform, tenant, name) }, { headers: { 'x-tenant': tenant.slug } })).body.error.code).toBe('user_banned');
    const login = await appealLogin(tenant, name);
    expect([login.status, Object.keys(login.body as object).sort()]).toEqual([200, ['access_token', 'expires_in']]);
    expect(await own(user.token)).toEqual([]);
    const made = await appeal(login.body.access_token as string, { kind: 'ban' });
    expect([made.status, made.body.subject_id]).toEqual([201, user.id]);
    expect((await own(user.token)).map(({ id }) => id)).toEqual([made.body.id]);
    expect((await platform.api.get('/v1/me', { token: login.body.access_token as string })).body.error.code).toBe('user_banned');
    await anna.decide(await reviewOf(anna, made.body.id as string), 'approve', '欢迎回来');
    expect((await platform.api.get('/v1/me', { token: user.token })).status).toBe(200);
    expect(await own(user.token)).toMatchObject([{ state: 'accepted' }]);
  });

  it('finds every other door closed', async () => {
    const { tenant, user, name } = await scene();
    const key = await makeApiKey(platform, user);
    await ban(tenant, user);
    const token = (await appealLogin(tenant, name)).body.access_token as string;
    const document = await platform.api.ok('GET', '/docs/openapi.json');
    const open: string[] = [];
    let asked = 0;
    for (const [path, methods] of Object.entries(document.paths as Record<string, Record<string, { security?: unknown }>>)) {
      for (const [method, { security }] of Object.entries(methods)) {
        if (security === undefined) continue;
        for (const each of [token, user.token, key]) {
          asked += 1;
          const answer = await platform.api.call(method.toUpperCase(), path.replace(/\{\w+\}/g, user.id), { token: each, ...(method === 'get' || method === 'delete' ? {} : { body: {} }) });
          const closed = answer.status === 401 || (answer.status === 403 && ['user_banned', 'forbidden'].includes(answer.body.error.code as string));
          if (!closed) open.push(`${method.toUpperCase()} ${path}`);
        }
      }
    }
    expect(asked).toBeGreaterThan(100);
    expect([...new Set(open)].sort()).toEqual(['GET /v1/appeals', 'POST /v1/appeals']);
  });

  it('is refused there, too, without a good login, or by API key', async () => {
    const { tenant, user } = await scene();
    const key = await makeApiKey(platform, user);
    await platform.api.ok('POST', '/v1/auth/logout', { token: user.token });
    await ban(tenant, user);
    expect((await platform.api.get('/v1/appeals', { token: user.token })).status).toBe(401);
    expect((await platform.api.get('/v1/appeals', { token: key })).status).toBe(403);
    await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/suspend`, { token: staff });
    expect((await appealLogin(tenant, 'x')).status).toBe(403);
  });
});
