import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../kit/eventually.js';
import { admin, logIn, makeTenant, type TestTenant, type TestUser } from '../kit/factories.js';
import { balanceOf, makeMerchant, makePackage, order, payAtWechat, payControl, type TestMerchant } from '../kit/pay.js';
import { Platform } from '../kit/platform.js';
import { banUser } from '../kit/staff.js';

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
afterAll(async () => platform.stop());

const someone = (): Promise<TestUser> => logIn(platform, tenant, `buyer-${(next += 1)}`);
const read = (user: TestUser, id: string) => platform.api.ok('GET', `/v1/orders/${id}`, { token: user.token });
const inspect = (id: string) => platform.api.ok('GET', `/admin/v1/tenants/${tenant.id}/orders/${id}`, { token: staff });
const findings = async (kind: string) => (await platform.api.ok('GET', `/admin/v1/tenants/${tenant.id}/payment-findings?limit=100`, { token: staff })).data.filter((finding: { kind: string }) => finding.kind === kind);
/** What the ledger holds for an order. */
const topups = (id: string) => platform.sql<{ amount: string }>(`SELECT amount FROM transfers WHERE reference = $1 AND reason = 'topup' ORDER BY amount`, [id]);
const quiet = () => payControl(platform, 'PUT', '/control/script', { notifications: 'off' });
afterAll(() => undefined);

describe('a top-up', () => {
  it('is ordered, paid and in the wallet, once', async () => {
    const user = await someone();
    expect((await platform.api.ok('GET', '/v1/packages', { token: user.token })).data).toEqual([
      { id: packageId, name: '十万点', price_fen: 990, credits: 100_000, bonus_credits: 10_000, per_user_limit: null, channels: ['jsapi', 'native', 'h5'] },
    ]);
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    expect(made.body).toMatchObject({ state: 'prepaid', total_fen: 990, credits: 100_000, bonus_credits: 10_000, payment: { channel: 'jsapi', appId: tenant.appId, signType: 'RSA' } });
    expect(made.body.payment.package).toMatch(/^prepay_id=/);
    expect(Object.keys(made.body.payment).sort()).toEqual(['appId', 'channel', 'nonceStr', 'package', 'paySign', 'signType', 'timeStamp']);
    await payAtWechat(platform, made);
    await eventually(() => balanceOf(platform, user), (balance) => balance === 110_000);
    expect(await read(user, made.id)).toMatchObject({ state: 'paid', refunded_fen: 0 });
    expect(await topups(made.id)).toEqual([{ amount: '990' }, { amount: '110000' }]);
    const steps = (await inspect(made.id)).events.map((event: { to: string; cause: string }) => `${event.to} ${event.cause}`);
    expect(steps).toEqual(['created ordered', 'prepaid prepaid', 'paid notice']);
    expect((await platform.api.ok('GET', '/v1/wallet/transfers', { token: user.token })).data).toMatchObject([{ reason: 'topup', direction: 'in', credits: 110_000, reference: made.id }]);
    expect((await platform.api.ok('GET', '/v1/orders', { token: user.token })).data.map((each: { id: string }) => each.id)).toEqual([made.id]);
  });

  it.each([['native', 'code_url'], ['h5', 'h5_url']])('by %s gives the client %s and nothing else', async (channel, field) => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel });
    expect(Object.keys(made.body.payment).sort()).toEqual(['channel', field].sort());
    await payAtWechat(platform, made, channel === 'native' ? { openid: 'oSomebodyElse' } : {});
    await eventually(() => balanceOf(platform, user), (balance) => balance === 110_000);
  });

  it('is found by asking when no notice comes', async () => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    await payAtWechat(platform, made, { notify: false });
    expect(await read(user, made.id)).toMatchObject({ state: 'paid' });
    expect(await balanceOf(platform, user)).toBe(110_000);
    expect((await inspect(made.id)).events.at(-1)).toMatchObject({ to: 'paid', cause: 'query' });
  });

  it('is found by the schedule when neither a notice nor the client comes', async () => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    await payAtWechat(platform, made, { notify: false });
    await platform.sql('UPDATE orders SET next_query_at = now() WHERE id = $1', [made.id]);
    await eventually(() => balanceOf(platform, user), (balance) => balance === 110_000);
  });

  it('follows its total where a coupon made the payer pay less', async () => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    await payAtWechat(platform, made, { payer_total: 490 });
    await eventually(() => balanceOf(platform, user), (balance) => balance === 110_000);
    expect((await topups(made.id))[0]).toEqual({ amount: '990' });
  });

  it('is credited once, by 100 equal notices at the same moment and the query beside them', async () => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    await payAtWechat(platform, made, { notify: false });
    const [sent] = await Promise.all([
      payControl(platform, 'POST', '/control/notify', { out_trade_no: made.outTradeNo, times: 100, parallel: true }),
      ...Array.from({ length: 5 }, () => read(user, made.id)),
    ]);
    expect(new Set(sent.answers.map((answer: { status: number }) => answer.status))).toEqual(new Set([204]));
    expect(await balanceOf(platform, user)).toBe(110_000);
    expect(await topups(made.id)).toHaveLength(2);
    expect((await inspect(made.id)).events.filter((event: { to: string }) => event.to === 'paid')).toHaveLength(1);
  });

  it('of a user who was banned, and of a tenant that was suspended, still arrives', async () => {
    const other = await makeTenant(platform, staff, { settings: { signup_credits: 0 } });
    await makeMerchant(platform, staff, other);
    const item = await makePackage(platform, staff, other);
    const user = await logIn(platform, other);
    const made = await order(platform, user, { package_id: item, channel: 'jsapi' });
    await banUser(platform, staff, other.id, user.id);
    await platform.api.ok('POST', `/admin/v1/tenants/${other.id}/suspend`, { token: staff });
    await payAtWechat(platform, made);
    await eventually(() => topups(made.id), (rows) => rows.length === 2);
  });
});

describe('an order', () => {
  it('is the same for the same key, and another for another', async () => {
    const user = await someone();
    const first = await order(platform, user, { package_id: packageId, channel: 'jsapi' }, { 'idempotency-key': 'k1' });
    expect((await order(platform, user, { package_id: packageId, channel: 'jsapi' }, { 'idempotency-key': 'k1' })).id).toBe(first.id);
    const conflict = await platform.api.post('/v1/orders', { package_id: packageId, channel: 'native' }, { token: user.token, headers: { 'idempotency-key': 'k1' } });
    expect([conflict.status, conflict.body.error.param]).toEqual([409, 'Idempotency-Key']);
    await payAtWechat(platform, first);
    await eventually(() => read(user, first.id), (found) => found.state === 'paid');
    expect((await order(platform, user, { package_id: packageId, channel: 'jsapi' }, { 'idempotency-key': 'k1' })).body).toMatchObject({ id: first.id, state: 'paid', payment: null });
    expect((await order(platform, user, { package_id: packageId, channel: 'jsapi' }, { 'idempotency-key': 'k2' })).id).not.toBe(first.id);
  });

  it('that is open is given again, with parameters that are valid now, also to 20 requests at once', async () => {
    const user = await someone();
    const made = await Promise.all(Array.from({ length: 8 }, () => order(platform, user, { package_id: packageId, channel: 'jsapi' })));
    expect(new Set(made.map((each) => each.id)).size).toBe(1);
    expect((await order(platform, user, { package_id: packageId, channel: 'native' })).id).not.toBe(made[0]?.id);
  });

  it('keeps what was sold when the package changes', async () => {
    const item = await makePackage(platform, staff, tenant, { name: '旧套餐' });
    const user = await someone();
    const made = await order(platform, user, { package_id: item, channel: 'jsapi' });
    await platform.api.ok('PUT', `/admin/v1/tenants/${tenant.id}/packages/${item}`, { token: staff, body: { name: '新套餐', price_fen: 1, credits: 1, active: false } });
    await payAtWechat(platform, made);
    await eventually(() => balanceOf(platform, user), (balance) => balance === 110_000);
    const refused = await platform.api.post('/v1/orders', { package_id: item, channel: 'jsapi' }, { token: user.token });
    expect([refused.status, refused.body.error.param]).toEqual([404, 'package_id']);
  });

  it('is limited per user where the package says so, also when asked twice at once', async () => {
    const item = await makePackage(platform, staff, tenant, { per_user_limit: 1 });
    const user = await someone();
    const answers = await Promise.all(['jsapi', 'native'].map((channel) => platform.api.post('/v1/orders', { package_id: item, channel }, { token: user.token })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409]);
  });

  it.each([
    [{ channel: 'jsapi' }, 'package_id'],
    [{ package_id: '00000000-0000-7000-8000-000000000000', channel: 'jsapi', credits: 5 }, 'package_id'],
    [{ package_id: 'x', channel: 'jsapi' }, 'package_id'],
    [{ channel: 'jsapi', credits: 1.5 }, 'credits'],
    [{ channel: 'jsapi', credits: -1 }, 'credits'],
    [{ channel: 'jsapi', credits: 0 }, 'credits'],
    [{ channel: 'jsapi', credits: '9223372036854775808' }, 'credits'],
    [{ channel: 'alipay', credits: 1 }, 'channel'],
    [{ channel: 'jsapi', credits: 1, total_fen: 1 }, 'total_fen'],
  ])('%j is refused', async (body, param) => {
    const user = await someone();
    const answer = await platform.api.post('/v1/orders', body, { token: user.token });
    expect([answer.status, answer.body.error.param]).toEqual([400, param]);
  });

  it('of somebody else is not there', async () => {
    const made = await order(platform, await someone(), { package_id: packageId, channel: 'jsapi' });
    const answer = await platform.api.get(`/v1/orders/${made.id}`, { token: (await someone()).token });
    expect(answer.status).toBe(404);
  });

  it('survives WeChat failing after it took the order: the same request carries on', async () => {
    const user = await someone();
    await payControl(platform, 'PUT', '/control/script', { next: [{ path: '/v3/pay/transactions/jsapi', status: 500, code: 'SYSTEM_ERROR', after: true, times: 2 }] });
    const failed = await platform.api.post('/v1/orders', { package_id: packageId, channel: 'jsapi' }, { token: user.token });
    expect([failed.status, failed.body.error.code]).toEqual([503, 'unavailable']);
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    expect((await platform.api.ok('GET', '/v1/orders', { token: user.token })).data).toHaveLength(1);
    await payAtWechat(platform, made);
    await eventually(() => balanceOf(platform, user), (balance) => balance === 110_000);
  });

  it('is closed at WeChat before it is closed here, and a payment that was faster is credited', async () => {
    const user = await someone();
    const unpaid = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    const late = await order(platform, user, { package_id: packageId, channel: 'native' });
    await quiet();
    await payAtWechat(platform, late);
    await platform.sql(`UPDATE orders SET expires_at = now() - interval '2 minutes', next_query_at = now(), queried_at = NULL WHERE id = ANY ($1::uuid[])`, [[unpaid.id, late.id]]);
    await eventually(() => inspect(unpaid.id), (found) => found.state === 'closed');
    await eventually(() => inspect(late.id), (found) => found.state === 'paid');
    const record = await payControl(platform, 'GET', `/control/record?merchant_id=${merchant.merchantId}`);
    const states = Object.fromEntries(record.orders.map((each: { out_trade_no: string; trade_state: string }) => [each.out_trade_no, each.trade_state]));
    expect([states[unpaid.outTradeNo], states[late.outTradeNo]]).toEqual(['CLOSED', 'SUCCESS']);
    expect(await balanceOf(platform, user)).toBe(110_000);
    // Money that arrives although the order was closed is the user's all the same.
    await payControl(platform, 'PUT', '/control/script', { notifications: 'on' });
    await payAtWechat(platform, unpaid, { force: true });
    await eventually(() => balanceOf(platform, user), (balance) => balance === 220_000);
  });

  it('is credited once when notice, query, schedule and closing meet', async () => {
    const users = await Promise.all(Array.from({ length: 8 }, someone));
    const paid = await Promise.all(users.map(async (user) => {
      const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
      await payAtWechat(platform, made, { notify: false });
      return { user, made };
    }));
    // Their time is over: the schedule is about to close them, at the same moment as all else arrives.
    await platform.sql(`UPDATE orders SET expires_at = now() - interval '2 minutes', next_query_at = now(), queried_at = NULL WHERE id = ANY ($1::uuid[])`, [paid.map(({ made }) => made.id)]);
    await Promise.all(paid.flatMap(({ user, made }) => [
      payControl(platform, 'POST', '/control/notify', { out_trade_no: made.outTradeNo, times: 5, parallel: true }),
      read(user, made.id),
      read(user, made.id),
    ]));
    for (const { user, made } of paid) {
      await eventually(() => inspect(made.id), (found) => found.state === 'paid');
      expect([await balanceOf(platform, user), await topups(made.id)]).toEqual([110_000, [{ amount: '990' }, { amount: '110000' }]]);
    }
  });

  it('is rationed per user', async () => {
    const user = await someone();
    const statuses: number[] = [];
    for (let at = 0; at < 12; at += 1) statuses.push((await platform.api.post('/v1/orders', { package_id: packageId, channel: 'jsapi' }, { token: user.token })).status);
    expect(statuses.slice(0, 10)).toEqual(Array<number>(10).fill(200));
    expect(statuses.slice(10)).toEqual([429, 429]);
  });
});

describe('a dynamic price', () => {
  it('is frozen in the order with its rate, date and source', async () => {
    const priced = await makeTenant(platform, staff, {
      settings: { signup_credits: 0, topup_usd_per_1000: '0.01', topup_exchange_rate: '7.1234', topup_exchange_rate_date: '2026-11-20', topup_exchange_rate_source: '中国人民银行', topup_markup: '1.5' },
    });
    await makeMerchant(platform, staff, priced);
    const user = await logIn(platform, priced);
    expect(await platform.api.ok('GET', '/v1/topup-quote?credits=100000', { token: user.token })).toMatchObject({ credits: 100_000, price_fen: 1_069, exchange_rate: '7.1234' });
    const made = await order(platform, user, { credits: 100_000, channel: 'jsapi' });
    expect(made.body.total_fen).toBe(1_069);
    await platform.api.ok('PATCH', `/admin/v1/tenants/${priced.id}`, { token: staff, body: { settings: { topup_exchange_rate: '9' } } });
    const kept = await platform.api.ok('GET', `/admin/v1/tenants/${priced.id}/orders/${made.id}`, { token: staff });
    expect(kept.pricing).toEqual({ kind: 'dynamic', usd_per_1000: '0.01', exchange_rate: '7.1234', exchange_rate_date: '2026-11-20', exchange_rate_source: '中国人民银行', markup: '1.5' });
    await payAtWechat(platform, made);
    await eventually(() => balanceOf(platform, user), (balance) => balance === 100_000);
  });

  it('needs all its figures, and they must be decimals', async () => {
    const change = (settings: object) => platform.api.call('PATCH', `/admin/v1/tenants/${tenant.id}`, { token: staff, body: { settings } });
    expect((await change({ topup_markup: '1.5' })).status).toBe(400);
    for (const bad of ['1e3', '-1', '0', 'NaN', '1,5', 1.5]) expect((await change({ topup_exchange_rate: bad })).body.error.param).toBe('settings.topup_exchange_rate');
    const user = await someone();
    expect((await platform.api.get('/v1/topup-quote?credits=5', { token: user.token })).status).toBe(404);
  });
});

describe('a letter', () => {
  it.each([['probe', 401], ['old_timestamp', 401], ['future_timestamp', 401], ['unknown_serial', 401], ['wrong_aad', 401], ['tampered_body', 401], ['tampered_ciphertext', 401], ['no_signature', 401]])('with %s is refused and moves nothing', async (variant, status) => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    await payAtWechat(platform, made, { notify: false });
    const sent = await payControl(platform, 'POST', '/control/notify', { out_trade_no: made.outTradeNo, variant });
    expect(sent.answers.map((answer: { status: number }) => answer.status)).toEqual([status]);
    expect(await balanceOf(platform, user)).toBe(0);
    expect((await payControl(platform, 'POST', '/control/notify', { out_trade_no: made.outTradeNo })).answers[0].status).toBe(204);
    expect(await balanceOf(platform, user)).toBe(110_000);
  });

  it('signed with the platform certificate is taken as well, while both are known', async () => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    await payAtWechat(platform, made, { notify: false });
    expect((await payControl(platform, 'POST', '/control/notify', { out_trade_no: made.outTradeNo, variant: 'certificate' })).answers[0].status).toBe(204);
    expect(await balanceOf(platform, user)).toBe(110_000);
  });

  it.each([['wrong_amount', 'total'], ['wrong_mchid', 'merchant_id'], ['wrong_appid', 'app_id'], ['wrong_currency', 'currency'], ['wrong_payer', 'payer']])('with %s credits nothing, and waits for a person', async (variant, mismatch) => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    await payAtWechat(platform, made, { notify: false });
    expect((await payControl(platform, 'POST', '/control/notify', { out_trade_no: made.outTradeNo, variant, times: 2 })).answers.map((answer: { status: number }) => answer.status)).toEqual([204, 204]);
    expect(await balanceOf(platform, user)).toBe(0);
    const found = (await findings('trade_mismatch')).find((each: { order_id: string }) => each.order_id === made.id);
    expect(found).toMatchObject({ state: 'open', seen: 2, details: { mismatches: [mismatch] } });
    // Asked again, WeChat tells what is true.
    const resolved = await platform.api.ok('POST', `/admin/v1/tenants/${tenant.id}/payment-findings/${found.id}/resolve`, { token: staff, body: { action: 'recheck' } });
    expect(resolved.state).toBe('repaired');
    expect(await balanceOf(platform, user)).toBe(110_000);
  });

  it('about an order that is not ours is kept', async () => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    await payAtWechat(platform, made, { notify: false });
    expect((await payControl(platform, 'POST', '/control/notify', { out_trade_no: made.outTradeNo, variant: 'unknown_order' })).answers[0].status).toBe(204);
    const [found] = await findings('unknown_order');
    expect(found).toMatchObject({ state: 'open', details: { total_fen: 990 } });
    const repair = { action: 'repair', reason: '核实后补发', user_id: user.id, credits: 5_000, fen: 990 };
    const path = `/admin/v1/tenants/${tenant.id}/payment-findings/${found.id}/resolve`;
    const answers = await Promise.all([1, 2].map(() => platform.api.post(path, repair, { token: staff })));
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 409]);
    expect(await balanceOf(platform, user)).toBe(5_000);
  });

  it('about a second payment of the same order is kept, and credits nothing', async () => {
    const user = await someone();
    const made = await order(platform, user, { package_id: packageId, channel: 'jsapi' });
    await payAtWechat(platform, made);
    await eventually(() => balanceOf(platform, user), (balance) => balance === 110_000);
    await payAtWechat(platform, made, { force: true });
    await eventually(() => findings('second_payment'), (found) => found.some((each: { order_id: string }) => each.order_id === made.id));
    expect(await balanceOf(platform, user)).toBe(110_000);
  });

  it('to a tenant that is not there, or has no account, has no effect', async () => {
    const bare = await makeTenant(platform, staff);
    expect((await platform.api.post('/webhooks/wechatpay/01900000-0000-7000-8000-000000000000', { id: 'x' })).status).toBe(404);
    expect((await platform.api.post(`/webhooks/wechatpay/${bare.id}`, { id: 'x' })).status).toBe(503);
    const forged = await platform.api.post(`/webhooks/wechatpay/${tenant.id}`, { id: 'x' });
    expect([forged.status, forged.body]).toEqual([401, { code: 'FAIL', message: 'signature verification failed' }]);
  });
});
