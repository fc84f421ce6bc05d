import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { balanceOf, makeMerchant, makePackage, order, payAtWechat, payControl, type TestOrder } from '../kit/pay.js';
import { Platform } from '../kit/platform.js';

let platform: Platform;
let staff: string;
let tenant: TestTenant;
let packageId: string;

/** Each test has a Beijing day of its own, long enough ago that its bill is ready. */
let back = 3;
let day: string;
let noon: string;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
});
afterAll(async () => platform.stop());
afterEach(async () => payControl(platform, 'DELETE', '/control/script'));

async function fresh(): Promise<void> {
  tenant = await makeTenant(platform, staff, { settings: { signup_credits: 0 } });
  await makeMerchant(platform, staff, tenant);
  packageId = await makePackage(platform, staff, tenant);
  back += 1;
  day = new Date(Date.now() + 8 * 3_600_000 - back * 86_400_000).toISOString().slice(0, 10);
  noon = `${day}T12:00:00+08:00`;
}

async function sold(name: string, notify = true): Promise<{ user: TestUser; paid: TestOrder }> {
  const user = await logIn(platform, tenant, name);
  const paid = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
  await payAtWechat(platform, paid, { success_time: noon, notify });
  if (notify) await eventually(() => balanceOf(platform, user), (balance) => balance === 110_000);
  return { user, paid };
}

const compare = (when = day) => platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/bill-reports/${when}`, { token: staff });
const open = async (): Promise<{ id: string; kind: string; out_trade_no: string; details: Record<string, unknown> }[]> => (await platform.api.ok('GET', `/admin/v1/tenants/${tenant.id}/payment-findings?state=open`, { token: staff })).data;

describe('the comparison with the bill of a day', () => {
  it('is clean where everything matches, refunds too, and doing it again changes nothing', async () => {
    await fresh();
    const { paid } = await sold('a');
    await sold('b');
    await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/orders/${paid.id}/refunds`, { token: staff, body: { amount_fen: 90, reason: 'x' } });
    const [refund] = await eventually(async () => (await platform.api.ok('GET', `/admin/v1/tenants/${tenant.id}/orders/${paid.id}/refunds`, { token: staff })).data, (refunds) => refunds[0].state === 'succeeded');
    await platform.sql('UPDATE refunds SET created_at = $2 WHERE id = $1', [refund.id, noon]);
    await payControl(platform, 'POST', `/control/refunds/${refund.out_refund_no}`, { create_time: noon });
    expect(await compare()).toMatchObject({ outcome: 'clean', matched: 3, differing: 0, paid_fen: 1_980, bill_paid_fen: 1_980, refunded_fen: 90, bill_refunded_fen: 90, runs: 1 });
    expect(await compare()).toMatchObject({ outcome: 'clean', matched: 3, runs: 2 });
    expect(await open()).toEqual([]);
    expect((await platform.api.ok('GET', `/admin/v1/tenants/${tenant.id}/bill-reports`, { token: staff })).data.map((report: { day: string }) => report.day)).toEqual([day]);
  });

  it('of a day without trades is clean', async () => {
    await fresh();
    expect(await compare()).toMatchObject({ outcome: 'clean', matched: 0, differing: 0 });
  });

  it('credits what every notice and query had missed', async () => {
    await fresh();
    const { user } = await sold('lost', false);
    expect(await compare()).toMatchObject({ outcome: 'clean', matched: 1 });
    expect(await balanceOf(platform, user)).toBe(110_000);
  });

  it.each([
    ['missing_row', 'bill_missing_there'],
    ['extra_row', 'bill_missing_here'],
    ['amount', 'bill_amount_differs'],
  ])('finds %s, and settles it when the bill comes right', async (tamper, kind) => {
    await fresh();
    await sold('a');
    await sold('b');
    await payControl(platform, 'POST', '/control/bills', { date: day, tamper });
    const report = await compare();
    expect(report.outcome).toBe('differs');
    const findings = await open();
    expect(findings).toHaveLength(report.differing as number);
    expect(new Set(findings.map((finding) => finding.kind))).toEqual(new Set([kind]));
    expect(await compare()).toMatchObject({ outcome: 'clean' });
    expect(await open()).toEqual([]);
  });

  it('keeps a finding that a person has to settle, and lets him do it once', async () => {
    await fresh();
    const { user } = await sold('a');
    await payControl(platform, 'POST', '/control/bills', { date: day, tamper: 'extra_row' });
    await compare();
    const [found] = await open();
    const resolve = (body: object) => platform.api.post(`/admin/v1/tenants/${tenant.id}/payment-findings/${found?.id}/resolve`, body, { token: staff });
    expect((await resolve({ action: 'repair', reason: 'x', credits: 5 })).body.error.param).toBe('user_id');
    expect((await resolve({ action: 'repair', reason: 'x', credits: 5, user_id: '01900000-0000-7000-8000-000000000000' })).status).toBe(404);
    expect((await resolve({ action: 'repair', reason: 'x', credits: -110_001, user_id: user.id })).status).toBe(409);
    expect((await resolve({ action: 'repair' })).body.error.param).toBe('reason');
    expect((await resolve({ action: 'repair', reason: '补发', credits: 7, fen: 990, user_id: user.id })).body).toMatchObject({ state: 'repaired', resolution: { credits: 7, fen: 990 } });
    expect((await resolve({ action: 'dismiss', reason: 'x' })).status).toBe(409);
    expect(await balanceOf(platform, user)).toBe(110_007);
  });

  it('does not believe a file whose digest differs', async () => {
    await fresh();
    await sold('a');
    await payControl(platform, 'POST', '/control/bills', { date: day, tamper: 'hash' });
    const answer = await platform.api.post(`/admin/v1/tenants/${tenant.id}/bill-reports/${day}`, undefined, { token: staff });
    expect([answer.status, answer.body.error.message]).toEqual([503, expect.stringContaining('BILL_DIGEST_DIFFERS')]);
  });

  it.each(['2026-13-40', 'today', '2999-01-01', '2020-01-01'])('of %s is refused', async (when) => {
    const answer = await platform.api.post(`/admin/v1/tenants/${tenant.id}/bill-reports/${when}`, undefined, { token: staff });
    expect([answer.status, answer.body.error.param]).toEqual([400, 'day']);
  });
});
