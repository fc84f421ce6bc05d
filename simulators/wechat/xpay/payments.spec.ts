import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bench } from '../simulator.fixture.js';
import { Buyer, SESSION_KEY } from './buyer.fixture.js';
import { VECTOR } from './vector.fixture.js';
import { userSignature } from './signing.js';

const MINUTE = 60_000;
let bench: Bench;
let buyer: Buyer;

beforeEach(async () => {
  bench = await Bench.open();
  buyer = await Buyer.open(bench);
});
afterEach(() => bench.close());

describe('requestVirtualPayment', () => {
  it('takes what the vectors sign, and query_order tells the paid order', async () => {
    const openid = 'oTESTaBcDeFgHiJkLmNoPqRsTuVw';
    await bench.control('PUT', 'session-keys', { appid: 'wx1', openid, sessionKey: VECTOR.session_key });
    const { signData, paySig, signature, server_call: call } = VECTOR;
    expect(await bench.control('POST', 'xpay/payments', { appid: 'wx1', openid, signData, paySig, signature })).toMatchObject({ errCode: 0, errMsg: 'requestVirtualPayment:ok' });
    expect(await buyer.call('query_order', call.post_body, call.pay_sig)).toMatchObject({
      errcode: 0,
      order: { order_id: 'VP20261120000001', status: 2, order_type: 0, order_fee: 1990, paid_fee: 1990, left_fee: 1990, biz_meta: 'uid=42', env_type: 1 },
    });
  });

  it('fails by the signature of an older session key, and by one that is not of the text', async () => {
    const signData = buyer.signData();
    expect(await buyer.paySigned(signData, { paySig: VECTOR.paySig })).toMatchObject({ errCode: -15006, errMsg: 'requestVirtualPayment:fail PAY_SIG_INVALID' });
    expect(await buyer.paySigned(signData, { signature: VECTOR.signature })).toMatchObject({ errCode: -15005 });
    await bench.user();
    expect(await buyer.paySigned(signData)).toMatchObject({ errCode: -15005, errMsg: 'requestVirtualPayment:fail SIGNATURE_INVALID' });
    expect(await buyer.paySigned(signData, { openid: 'never-logged-in' })).toMatchObject({ errCode: -15007 });
  });

  it.each([
    [{ productId: 'vip_year' }, -15010],
    [{ goodsPrice: 1989 }, -15013],
    [{ activitySellingPrice: 795 }, -15013],
    [{ currencyType: 'USD' }, -15004],
    [{ goodsPrice: '1990' }, -15016],
    [{ offerId: 1450000000 }, -15016],
    [{ buyQuantity: 1.5 }, -15016],
    [{ env: 2 }, -15016],
    [{ offerId: '1' }, -15001],
    [{ buyQuantity: 0 }, -15001],
    [{ outTradeNo: '_VP12345678' }, -15001],
    [{ outTradeNo: 'short' }, -15001],
    [{ outTradeNo: 'VP2026:1234' }, -15001],
  ])('fails with %j by %i', async (fields, errCode) => {
    expect(await buyer.pay(fields)).toMatchObject({ errCode });
  });

  it('fails by what is no JSON, and has no coins', async () => {
    expect(await buyer.paySigned('no JSON')).toMatchObject({ errCode: -15016 });
    expect(await buyer.pay({}, { mode: 'short_series_coin' })).toMatchObject({ errCode: -15009 });
  });

  it('takes a number once, whether the user paid or left', async () => {
    const [paid, left] = [buyer.signData(), buyer.signData()];
    expect(await buyer.paySigned(left, { act: 'cancel' })).toMatchObject({ errCode: -2, errMsg: 'requestVirtualPayment:fail cancel', order: { status: 1, paid_fee: 0, paid_time: 0 } });
    expect(await buyer.paySigned(paid)).toMatchObject({ errCode: 0 });
    expect([(await buyer.paySigned(paid)).errCode, (await buyer.paySigned(left)).errCode]).toEqual([-15002, -15002]);
  });

  it('sells goods some time after they were published', async () => {
    await bench.control('PUT', 'xpay/goods', { appid: 'wx1', goods: [{ productId: 'vip_month', price: 1990, publishMs: 10 * MINUTE }] });
    expect(await buyer.pay()).toMatchObject({ errCode: -15014, errMsg: 'requestVirtualPayment:fail COIN_OR_PRODUCT_ID_CREATED_IN_RECENTLY' });
    await bench.control('PUT', 'clock', { advanceMs: 10 * MINUTE });
    expect(await buyer.pay()).toMatchObject({ errCode: 0 });
  });

  it('takes the reduced price, of all items', async () => {
    expect(await buyer.pay({ buyQuantity: 3, activitySellingPrice: 796 })).toMatchObject({ order: { order_fee: 2388, paid_fee: 2388 } });
  });
});

describe('query_order', () => {
  it('finds by either number, and only what is of this user and environment', async () => {
    const { order } = await buyer.pay();
    const found = await buyer.query(order.order_id);
    expect(found).toEqual({ errcode: 0, errmsg: 'ok', order });
    expect(await buyer.call('query_order', { openid: buyer.openid, env: 0, wx_order_id: order.wx_order_id })).toEqual(found);
    expect(await buyer.query(order.order_id, { env: 1 })).toMatchObject({ errcode: 268490002 });
    expect(await buyer.query('VP-unknown')).toMatchObject({ errcode: 268490002, errmsg: expect.stringMatching(/^no such data, rid: /u) });
    expect(await buyer.query(order.order_id, { openid: await bench.user('ming') })).toMatchObject({ errcode: 268490001 });
    expect(await buyer.query(order.order_id, { openid: 'nobody' })).toMatchObject({ errcode: 268490001 });
  });

  it('wants the signature of the exact bytes, of the path and of the environment', async () => {
    const { post_body: body, pay_sig: paySig } = VECTOR.server_call;
    expect(await buyer.call('query_order', body.replace(',', ', '), paySig)).toMatchObject({ errcode: 268490003 });
    expect(await buyer.call('query_order', body, '')).toMatchObject({ errcode: 268490003 });
    expect(await buyer.call('query_order', { openid: buyer.openid, order_id: 'x' })).toMatchObject({ errcode: 268490002 });
    await bench.control('POST', 'apps', { appid: 'wx2', secret: 's' });
    expect(await bench.call('/xpay/query_order', {}, await bench.freshToken('wx2'))).toMatchObject({ errcode: 48001 });
    expect(await bench.call('/xpay/query_order', {}, 'made-up')).toMatchObject({ errcode: 40014 });
  });

  it('tells each state that an order may have', async () => {
    const { order } = await buyer.pay();
    const seen: unknown[] = [];
    for (let status = 0; status <= 10; status += 1) {
      await bench.control('PUT', 'xpay/orders', { appid: 'wx1', outTradeNo: order.order_id, status });
      seen.push((await buyer.query(order.order_id)).order.status);
    }
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await bench.control('PUT', 'xpay/orders', { appid: 'wx1', outTradeNo: order.order_id, status: 11 })).toHaveProperty('error');
  });

  it('is no use where the answer is lost, and the next one tells the same', async () => {
    const { order } = await buyer.pay();
    await bench.control('PUT', 'script', { next: [{ path: '/xpay', errcode: -1 }, { path: '/xpay', reset: true }] });
    expect(await buyer.query(order.order_id)).toMatchObject({ errcode: -1 });
    await expect(buyer.query(order.order_id)).rejects.toThrow('fetch failed');
    expect(await buyer.query(order.order_id)).toMatchObject({ order: { status: 2 } });
  });
});

describe('calls about coins', () => {
  it.each(['query_user_balance', 'currency_pay', 'cancel_currency_pay'])('%s shows the state of the user, and finds no coins', async (name) => {
    const body = JSON.stringify({ openid: buyer.openid, env: 0, user_ip: '1.1.1.1' });
    const right = userSignature(SESSION_KEY, body);
    expect(await buyer.call(name, body, undefined, right)).toMatchObject({ errcode: 268490008 });
    expect(await buyer.call(name, body.replace(',', ', '), undefined, right)).toMatchObject({ errcode: 268490003 });
    expect(await buyer.call(name, body, 'wrong', right)).toMatchObject({ errcode: 268490003 });
    expect(await buyer.call(name, body)).toMatchObject({ errcode: 268490003 });
    expect(await buyer.call(name, body.replace(buyer.openid, `o${'a'.repeat(27)}`), undefined, right)).toMatchObject({ errcode: 268490009 });
    await bench.user();
    expect(await buyer.call(name, body, undefined, right)).toMatchObject({ errcode: 268490003 });
  });
});

describe('the control of virtual payment', () => {
  it('never shows a key, and refuses what cannot be meant', async () => {
    const offer = await bench.control('PUT', 'xpay', { appid: 'wx1', offerId: '1', appKey: 'secret-key' });
    expect(offer).toEqual({ offerId: '1', ios: true, sandboxPushes: false, repeatMs: 5000, refundMs: 300, refundsFail: false, refundPushes: true, numbersAsTexts: false });
    for (const bad of [{ offerId: '1' }, { appKey: 'k' }, { offerId: '1', appKey: 'k', ios: 1 }]) expect(await bench.control('PUT', 'xpay', { appid: 'wx1', ...bad })).toHaveProperty('error');
    for (const bad of [{}, { productId: 'a', price: 0 }, { productId: 'a', price: 1, name: 'x' }]) expect(await bench.control('PUT', 'xpay/goods', { appid: 'wx1', goods: [bad] })).toHaveProperty('error');
    expect(await bench.control('GET', 'xpay/orders?appid=wx1&outTradeNo=x')).toHaveProperty('error');
    expect(await buyer.pay({}, { platform: 'windows' })).toHaveProperty('error');
    expect(await buyer.pay({}, { act: 'leave' })).toHaveProperty('error');
  });
});
