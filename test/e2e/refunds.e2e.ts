import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeConversation, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { balanceOf, makeMerchant, makePackage, order, payAtWechat, payControl, type TestMerchant, type TestOrder } from '../kit/pay.js';
import { Platform } from '../kit/platform.js';
import { scripted } from '../kit/upstream-script.js';

let platform: Platform;
let staff: string;
let tenant: TestTenant;
let merchant: TestMerchant;
let packageId: string;
let next = 0;

beforeAll(async () => {
  platform = await Platform.start();
  staff = await admin(platform);
  tenant = await makeTenant(platform, staff, { settings: { signup_credits: 0 } });
  merchant = await makeMerchant(platform, staff, tenant);
  packageId = await makePackage(platform, staff, tenant);
});
afterEach(async () => {
  await payControl(platform, 'PUT', '/control/refunds', { default: 'success', delay_ms: 100 });
  await payControl(platform, 'DELETE', '/control/script');
});
afterAll(async () => platform.stop());

/** Somebody with a paid order: 990 fen for 110,000 credits. */
async function buyer(): Promise<{ user: TestUser; paid: TestOrder }> {
  const user = await logIn(platform, tenant, `refunded-${(next += 1)}`);
  const paid = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
  await payAtWechat(platform, paid);
  await eventually(() => balanceOf(platform, user), (balance) => balance === 110_000);
  return { user, paid };
}

const path = (paid: TestOrder): string => `/admin/v1/tenants/${tenant.id}/orders/${paid.id}`;
const ask = (paid: TestOrder, body: object, key?: string) => platform.api.post(`${path(paid)}/refunds`, { reason: '用户申请', ...body }, { token: staff, ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }) });
const refundsOf = async (paid: TestOrder): Promise<{ state: string; amount_fen: number; credits: number; held_credits: number; failure: string | null; out_refund_no: string }[]> => (await platform.api.ok('GET', `${path(paid)}/refunds`, { token: staff })).data;
const stateOf = async (paid: TestOrder): Promise<string> => (await platform.api.ok('GET', path(paid), { token: staff })).state;
const cash = async (): Promise<bigint> => BigInt((await platform.sql<{ cash: string }>(`SELECT credits_posted - debits_posted AS cash FROM accounts WHERE tenant_id = $1 AND kind = 'cash'`, [tenant.id]))[0]?.cash ?? 0);
const ended = (paid: TestOrder, states: string[]) => eventually(() => refundsOf(paid), (refunds) => JSON.stringify(refunds.map((refund) => refund.state)) === JSON.stringify(states));
const atWechat = async (paid: TestOrder) => (await payControl(platform, 'GET', `/control/record?merchant_id=${merchant.merchantId}`)).refunds.filter((refund: { out_trade_no: string }) => refund.out_trade_no === paid.outTradeNo);

describe('a refund', () => {
  it('of everything takes the credits, bonus and all, and gives the money back', async () => {
    const { user, paid } = await buyer();
    const before = await cash();
    const made = await ask(paid, {});
    expect([made.status, made.body]).toEqual([201, expect.objectContaining({ state: 'requested', amount_fen: 990, credits: 110_000, held_credits: 110_000 })]);
    expect(await balanceOf(platform, user)).toBe(0);
    await ended(paid, ['succeeded']);
    expect([await stateOf(paid), await balanceOf(platform, user), before - (await cash())]).toEqual(['refunded', 0, 990n]);
    expect((await platform.api.ok('GET', '/v1/wallet/transfers', { token: user.token })).data[0]).toMatchObject({ reason: 'refund', direction: 'out', credits: 110_000 });
    expect(await atWechat(paid)).toMatchObject([{ refund: 990, status: 'SUCCESS' }]);
  });

  it('in parts takes pro rata, and exactly all in the end', async () => {
    const { user, paid } = await buyer();
    await ask(paid, { amount_fen: 333 });
    await ended(paid, ['succeeded']);
    expect([await stateOf(paid), await balanceOf(platform, user)]).toEqual(['partly_refunded', 73_000]);
    await ask(paid, { amount_fen: 1 });
    await ended(paid, ['succeeded', 'succeeded']);
    await ask(paid, {});
    await ended(paid, ['succeeded', 'succeeded', 'succeeded']);
    expect([await stateOf(paid), await balanceOf(platform, user), (await refundsOf(paid)).map((refund) => refund.credits)]).toEqual(['refunded', 0, [37_000, 112, 72_888]]);
    expect((await ask(paid, { amount_fen: 1 })).status).toBe(409);
  });

  it('of what was spent needs a reason', async () => {
    const { user, paid } = await buyer();
    const conversation = await makeConversation(platform.api, user);
    await (await platform.api.stream('POST', `/v1/conversations/${conversation}/messages`, { token: user.token, body: { content: scripted({ tokens: 50 }) } })).ended();
    const left = await eventually(() => balanceOf(platform, user), (balance) => balance < 110_000);
    const refused = await ask(paid, {});
    expect([refused.status, refused.body.error.details]).toEqual([409, { needed: 110_000, available: left }]);
    const made = await ask(paid, { override_reason: '客服补偿' });
    expect(made.body).toMatchObject({ credits: 110_000, held_credits: left, override_reason: '客服补偿' });
    await ended(paid, ['succeeded']);
    expect([await balanceOf(platform, user), await stateOf(paid)]).toEqual([0, 'refunded']);
  });

  it('never gives more than was paid, also when ten people ask at once', async () => {
    const { user, paid } = await buyer();
    const answers = await Promise.all(Array.from({ length: 10 }, () => ask(paid, { amount_fen: 500 })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
    await ended(paid, ['succeeded']);
    expect((await atWechat(paid)).map((refund: { refund: number }) => refund.refund)).toEqual([500]);
    expect(await balanceOf(platform, user)).toBe(110_000 - 55_556);
  });

  it('is the same for the same key', async () => {
    const { paid } = await buyer();
    const answers = await Promise.all(Array.from({ length: 5 }, () => ask(paid, { amount_fen: 100 }, 'once')));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.body.id}`)).size).toBe(1);
    expect((await ask(paid, { amount_fen: 101 }, 'once')).status).toBe(409);
    await ended(paid, ['succeeded']);
  });

  it('that WeChat refuses gives the credits back', async () => {
    await payControl(platform, 'PUT', '/control/refunds', { default: 'not_enough' });
    const { user, paid } = await buyer();
    const before = await cash();
    await ask(paid, {});
    await ended(paid, ['failed']);
    expect([(await refundsOf(paid))[0]?.failure, await balanceOf(platform, user), await stateOf(paid), await cash()]).toEqual(['NOT_ENOUGH', 110_000, 'paid', before]);
    await payControl(platform, 'PUT', '/control/refunds', { default: 'success' });
    await ask(paid, {});
    await ended(paid, ['failed', 'succeeded']);
  });

  it('that WeChat closes gives the credits back', async () => {
    await payControl(platform, 'PUT', '/control/refunds', { default: 'closed' });
    const { user, paid } = await buyer();
    await ask(paid, {});
    await ended(paid, ['failed']);
    expect(await balanceOf(platform, user)).toBe(110_000);
  });

  it('that can not reach the payer waits for a person, the credits held, and ends by the later word', async () => {
    await payControl(platform, 'PUT', '/control/refunds', { default: 'abnormal' });
    const { user, paid } = await buyer();
    await ask(paid, {});
    await ended(paid, ['abnormal']);
    expect(await balanceOf(platform, user)).toBe(0);
    const findings = (await platform.api.ok('GET', `/admin/v1/tenants/${tenant.id}/payment-findings?state=open`, { token: staff })).data;
    expect(findings.filter((each: { kind: string; order_id: string }) => each.kind === 'refund_abnormal' && each.order_id === paid.id)).toHaveLength(1);
    await payControl(platform, 'POST', `/control/refunds/${(await refundsOf(paid))[0]?.out_refund_no}`, { state: 'success' });
    await ended(paid, ['succeeded']);
    expect(await stateOf(paid)).toBe('refunded');
  });

  it('is made once although the answer was lost, and is found by asking although no letter comes', async () => {
    const { paid } = await buyer();
    await payControl(platform, 'PUT', '/control/script', { next: [{ path: '/v3/refund', reset: true, after: true, times: 2 }], notifications: 'off' });
    await ask(paid, { amount_fen: 10 });
    await eventually(() => atWechat(paid), (refunds) => refunds.length === 1);
    await eventually(async () => {
      await platform.sql('UPDATE refunds SET next_query_at = now() WHERE order_id = $1 AND ended_at IS NULL AND next_query_at > now()', [paid.id]);
      return refundsOf(paid);
    }, (refunds) => refunds[0]?.state === 'succeeded');
    expect(await atWechat(paid)).toHaveLength(1);
  });

  it('told by 100 letters at once ends once', async () => {
    await payControl(platform, 'PUT', '/control/refunds', { default: 'processing' });
    const { user, paid } = await buyer();
    const before = await cash();
    await ask(paid, { amount_fen: 99 });
    await ended(paid, ['processing']);
    await payControl(platform, 'PUT', '/control/script', { notifications: 'off' });
    const number = (await refundsOf(paid))[0]?.out_refund_no ?? '';
    await payControl(platform, 'POST', `/control/refunds/${number}`, { state: 'success' });
    const sent = await payControl(platform, 'POST', '/control/notify', { out_refund_no: number, times: 100, parallel: true });
    expect(new Set(sent.answers.map((answer: { status: number }) => answer.status))).toEqual(new Set([204]));
    expect([await balanceOf(platform, user), before - (await cash()), await stateOf(paid)]).toEqual([99_000, 99n, 'partly_refunded']);
  });

  it.each([[{ amount_fen: 0 }, 'amount_fen'], [{ amount_fen: -1 }, 'amount_fen'], [{ amount_fen: 1.5 }, 'amount_fen'], [{ amount_fen: '1' }, 'amount_fen'], [{ reason: '' }, 'reason']])('%j is refused', async (body, param) => {
    const user = await logIn(platform, tenant, `unpaid-${(next += 1)}`);
    const open = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    const answer = await ask(open, body);
    expect([answer.status, answer.body.error.param]).toEqual([400, param]);
  });

  it('of an unpaid order is refused', async () => {
    const user = await logIn(platform, tenant, `unpaid-${(next += 1)}`);
    const open = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    expect((await ask(open, {})).status).toBe(409);
  });
});
