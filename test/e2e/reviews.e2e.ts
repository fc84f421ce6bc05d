import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin } from '../kit/factories.js';
import { Platform } from '../kit/platform.js';
import { makeScene, putReview } from '../kit/reviewing.js';
import { anotherModerator } from '../kit/staff.js';

let platform: Platform;
let staff: string;
let bert: { readonly id: string; readonly token: string };

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
  bert = await anotherModerator(platform, staff, 'bert');
});
afterAll(async () => platform.stop());

const scene = () => makeScene(platform, staff, bert.token);

const ids = (page: { data: { id: string }[] }): string[] => page.data.map(({ id }) => id);

describe('the review queue', () => {
  it('is claimed by one, and decided by the one who holds it', async () => {
    const { tenant, anna, other } = await scene();
    const id = await putReview(platform, tenant);
    expect((await anna.act(id, 'approve')).status).toBe(409);
    const claimed = await anna.act(id, 'claim');
    expect(claimed.body).toMatchObject({ state: 'claimed', overdue: false, label: 'politics' });
    expect(Date.parse(claimed.body.claim_expires_at as string) - Date.now()).toBeGreaterThan(14 * 60_000);
    for (const verb of ['claim', 'release', 'approve', 'reject'] as const) expect([verb, (await other.act(id, verb)).status]).toEqual([verb, 409]);
    expect((await anna.act(id, 'release')).body).toMatchObject({ state: 'waiting', claimed_by: null });
    await other.act(id, 'claim');
    expect((await other.act(id, 'reject', '确实违规')).body).toMatchObject({ state: 'rejected', decided_by: bert.id, note: '确实违规' });
    for (const verb of ['claim', 'release', 'approve', 'reject'] as const) expect([verb, (await other.act(id, verb)).status]).toEqual([verb, 409]);
  });

  it('lets exactly one of many win who claim at once', async () => {
    const { tenant, anna, other } = await scene();
    for (let round = 0; round < 5; round += 1) {
      const id = await putReview(platform, tenant);
      const answers = await Promise.all([anna.act(id, 'claim'), other.act(id, 'claim')]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
      const winner = answers.find(({ status }) => status === 200)?.body.claimed_by as string;
      expect((await anna.get(`reviews/${id}`)).claimed_by).toBe(winner);
    }
  });

  it('takes a claim back that is over', async () => {
    const { tenant, anna, other } = await scene();
    const id = await putReview(platform, tenant);
    await anna.act(id, 'claim');
    await platform.sql(`UPDATE reviews SET claim_expires_at = now() WHERE id = $1`, [id]);
    expect(await anna.get(`reviews/${id}`)).toMatchObject({ state: 'waiting', claimed_by: null });
    expect(ids(await anna.get('reviews?state=waiting'))).toEqual([id]);
    expect((await anna.act(id, 'approve')).status).toBe(409);
    expect((await other.act(id, 'claim')).body.claimed_by).toBe(bert.id);
    expect((await anna.act(id, 'claim')).status).toBe(409);
  });

  it('lasts as long as the tenant says', async () => {
    const { tenant, anna } = await scene();
    const rules = await anna.get('desk-rules');
    await anna.put('desk-rules', { ...rules, claim_minutes: 2 });
    const claimed = await anna.act(await putReview(platform, tenant), 'claim');
    const left = Date.parse(claimed.body.claim_expires_at as string) - Date.now();
    expect([left > 60_000, left <= 121_000]).toEqual([true, true]);
  });

  it('is listed with what is overdue first, page by page, and filtered', async () => {
    const { tenant, user, anna } = await scene();
    const later = await putReview(platform, tenant, { dueMinutes: 90 });
    const overdue = await putReview(platform, tenant, { dueMinutes: -5, kind: 'output' });
    const soon = await putReview(platform, tenant, { dueMinutes: 5, user });
    const page = await anna.get('reviews?limit=2');
    expect(page.data.map((each: { id: string; overdue: boolean }) => [each.id, each.overdue])).toEqual([[overdue, true], [soon, false]]);
    expect(ids(await anna.get(`reviews?limit=2&cursor=${encodeURIComponent(page.next_cursor as string)}`))).toEqual([later]);
    expect(ids(await anna.get('reviews?overdue=true'))).toEqual([overdue]);
    expect(ids(await anna.get('reviews?kind=input'))).toEqual([soon, later]);
    expect(ids(await anna.get(`reviews?user_id=${user.id}`))).toEqual([soon]);
    await anna.decide(soon, 'approve');
    expect(ids(await anna.get('reviews'))).toEqual([overdue, later]);
    expect(ids(await anna.get('reviews?state=approved'))).toEqual([soon]);
    for (const query of ['state=x', 'kind=x', 'user_id=x', 'overdue=maybe', 'cursor=x', 'limit=0', 'more=1']) {
      const answer = await platform.api.get(`/admin/v1/tenants/${tenant.id}/reviews?${query}`, { token: staff });
      expect([answer.status, answer.body.error.param]).toEqual([400, query.split('=')[0]]);
    }
  });

  it('shows the queues of all tenants together, and each tenant only its own', async () => {
    const [one, two] = [await scene(), await scene()];
    const [mine, theirs] = [await putReview(platform, one.tenant, { dueMinutes: -1_000 }), await putReview(platform, two.tenant, { dueMinutes: -999 })];
    const all = await platform.api.ok('GET', '/admin/v1/reviews?overdue=true', { token: staff });
    expect(all.data.slice(0, 2).map((each: { id: string; tenant_id: string }) => [each.id, each.tenant_id])).toEqual([[mine, one.tenant.id], [theirs, two.tenant.id]]);
    expect(ids(await one.anna.get('reviews'))).toEqual([mine]);
    expect((await one.anna.act(theirs, 'claim')).status).toBe(404);
    expect((await platform.api.get('/admin/v1/reviews', { token: one.user.token })).status).toBe(401);
  });

  it('leaves a record of every action that nobody can change', async () => {
    const { tenant, user, anna, other } = await scene();
    const id = await putReview(platform, tenant, { user });
    await anna.act(id, 'claim');
    await anna.act(id, 'release');
    await other.decide(id, 'approve', '误判');
    const record = await anna.get(`staff-actions?subject_id=${id}`);
    expect(record.data.map((each: { action: string; note: string | null }) => [each.action, each.note])).toEqual([['review.approve', '误判'], ['review.claim', null], ['review.release', null], ['review.claim', null]]);
    expect(record.data[0]).toMatchObject({ staff_id: bert.id, user_id: user.id });
    const privileges = await platform.sql(`SELECT grantee, privilege_type FROM information_schema.role_table_grants WHERE table_name = 'staff_actions' AND grantee LIKE 'bailiao\\_%' ORDER BY 1, 2`);
    expect(privileges).toEqual([['bailiao_app', 'INSERT'], ['bailiao_app', 'SELECT'], ['bailiao_platform', 'SELECT']].map(([grantee, privilege_type]) => ({ grantee, privilege_type })));
  });

  it('shows in the metrics what is open and what is overdue, by kind and by nothing else', async () => {
    const { tenant, anna } = await scene();
    const read = async (): Promise<Record<string, number>> =>
      Object.fromEntries([...(await platform.api.get('/metrics')).text.matchAll(/^bailiao_reviews_(\w+)\{kind="(\w+)"\} (\d+)$/gm)].map(([, gauge, kind, value]) => [`${gauge} ${kind}`, parseInt(value ?? '', 10)]));
    const before = await read();
    expect(Object.keys(before).sort()).toEqual(['open', 'overdue'].flatMap((gauge) => ['appeal', 'ban', 'input', 'media', 'output'].map((kind) => `${gauge} ${kind}`)));
    const late = await putReview(platform, tenant, { kind: 'output', dueMinutes: -1 });
    await putReview(platform, tenant, { kind: 'output' });
    const during = await eventually(read, (now) => now['open output'] !== before['open output']);
    expect([during['open output'], during['overdue output'], during['open input']]).toEqual([(before['open output'] ?? 0) + 2, (before['overdue output'] ?? 0) + 1, before['open input']]);
    await anna.decide(late, 'approve');
    await eventually(read, (now) => now['overdue output'] === before['overdue output']);
  });
});
