import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppServer } from '../push/app-server.fixture.js';
import { Bench } from '../simulator.fixture.js';
import { Buyer } from './buyer.fixture.js';
import type { XpayAnswer } from './buyer.fixture.js';

let bench: Bench;
let buyer: Buyer;
let app: AppServer;
let orderId: string;

beforeEach(async () => {
  bench = await Bench.open();
  buyer = await Buyer.open(bench);
  app = await AppServer.open();
  app.answer = () => JSON.stringify({ ErrCode: 0, ErrMsg: 'success' });
  await bench.pushTo(app);
  orderId = (await buyer.pay()).order.order_id;
});
afterEach(async () => {
  await bench.close();
  await app.close();
});

async function refund(more: Record<string, unknown> = {}): Promise<XpayAnswer> {
  const usual = { openid: buyer.openid, env: 0, order_id: orderId, refund_order_id: 'RF-00000001', left_fee: 1990, refund_fee: 1990, biz_meta: 'why', refund_reason: '3', req_from: '2' };
  return buyer.call('refund_order', { ...usual, ...more });
}

/** The events once so many are over. */
async function told(atLeast = 1): Promise<Record<string, unknown>[]> {
  const { pushes } = await bench.control('GET', `pushes?appid=wx1&type=xpay_refund_notify&atLeast=${atLeast}`);
  return pushes.map(({ message }: { message: Record<string, unknown> }) => message);
}

describe('refund_order', () => {
  it('takes the money from the merchant at once', async () => {
    await Buyer.offer(bench, { refundMs: 60_000 });
    expect(await refund()).toMatchObject({ errcode: 0 });
    expect(await buyer.query(orderId)).toMatchObject({ order: { status: 5, left_fee: 0 } });
    expect(await buyer.query('RF-00000001')).toMatchObject({ order: { status: 5, paid_time: 0 } });
    expect(await bench.control('POST', 'xpay/refund-notices', { appid: 'wx1', refundOrderId: 'RF-00000001' })).toHaveProperty('error');
  });

  it('tells when the user has the money', async () => {
    const { order } = await buyer.query(orderId);
    const answer = await refund();
    expect(answer).toMatchObject({ errcode: 0, refund_order_id: 'RF-00000001', pay_order_id: orderId, pay_wx_order_id: order.wx_order_id });
    expect(await told()).toMatchObject([
      { OpenId: buyer.openid, WxRefundId: answer.refund_wx_order_id, MchRefundId: 'RF-00000001', WxOrderId: order.wx_order_id, MchOrderId: orderId, RefundFee: 1990, RetCode: 0, RetMsg: 'success', RetryTimes: 0 },
    ]);
    expect(await buyer.query(orderId)).toMatchObject({ order: { status: 8 } });
    expect(await buyer.query('RF-00000001')).toMatchObject({ order: { order_id: 'RF-00000001', order_type: 1, status: 8, refund_fee: 1990, biz_meta: 'why', wx_order_id: answer.refund_wx_order_id } });
  });

  it('is done once, however often it is asked for', async () => {
    expect([(await refund()).errcode, (await refund()).errcode]).toEqual([0, 268490004]);
    await told();
    expect(await refund()).toMatchObject({ errcode: 268490004 });
    expect(await refund({ refund_order_id: 'RF-00000002' })).toMatchObject({ errcode: 268490005 });
    expect(await refund({ refund_fee: 5, left_fee: 5 })).toMatchObject({ errcode: 268490002 });
    expect(await told()).toHaveLength(1);
  });

  it('gives back in parts what is left', async () => {
    expect(await refund({ refund_fee: 990 })).toMatchObject({ errcode: 0 });
    await told();
    expect(await buyer.query(orderId)).toMatchObject({ order: { status: 4, left_fee: 1000 } });
    expect(await refund({ refund_order_id: 'RF-00000002', refund_fee: 1000 })).toMatchObject({ errcode: 268490016 });
    expect(await refund({ refund_order_id: 'RF-00000002', refund_fee: 1000, left_fee: 1000 })).toMatchObject({ errcode: 0 });
    await told(2);
    expect(await buyer.query(orderId)).toMatchObject({ order: { status: 8, left_fee: 0 } });
  });

  it('may fail, and be asked for again', async () => {
    await Buyer.offer(bench, { refundsFail: true });
    await refund();
    expect(await told()).toMatchObject([{ RetCode: -1, RefundSuccTimestamp: 0 }]);
    expect(await buyer.query(orderId)).toMatchObject({ order: { status: 7, left_fee: 1990 } });
    expect(await buyer.query('RF-00000001')).toMatchObject({ order: { status: 7 } });
    await Buyer.offer(bench);
    expect(await refund({ refund_order_id: 'RF-00000002' })).toMatchObject({ errcode: 0 });
    await told(2);
    expect(await buyer.query(orderId)).toMatchObject({ order: { status: 8 } });
  });

  it('is pushed again until it is taken, and counts the repeats', async () => {
    app.got.length = 0;
    app.answer = () => JSON.stringify({ ErrCode: app.got.length < 3 ? 1 : 0 });
    await refund();
    expect((await told(3)).map(({ RetryTimes }) => RetryTimes)).toEqual([0, 1, 2]);
  });

  it('may be told by nobody, and later twice', async () => {
    await Buyer.offer(bench, { refundPushes: false });
    await refund();
    const ended = async (): Promise<boolean> => (await buyer.query('RF-00000001')).order.status === 8;
    await expect.poll(ended).toBe(true);
    expect(await bench.control('GET', 'pushes?appid=wx1&type=xpay_refund_notify')).toEqual({ pushes: [] });
    const again = { appid: 'wx1', refundOrderId: 'RF-00000001', times: 2, parallel: true };
    expect(await bench.control('POST', 'xpay/refund-notices', again)).toMatchObject({ deliveries: [{ outcome: 'accepted' }, { outcome: 'accepted' }] });
    expect(await bench.control('POST', 'xpay/refund-notices', { ...again, refundOrderId: 'x' })).toHaveProperty('error');
  });

  it.each([
    [{ refund_order_id: 'short' }, 268490002],
    [{ refund_order_id: 'RF|00000001' }, 268490002],
    [{ left_fee: '1990' }, 268490002],
    [{ refund_fee: 0 }, 268490002],
    [{ refund_fee: 1991 }, 268490002],
    [{ biz_meta: undefined }, 268490002],
    [{ refund_reason: 3 }, 268490002],
    [{ req_from: '4' }, 268490002],
    [{ order_id: 'VP-unknown' }, 268490002],
    [{ openid: 'nobody' }, 268490001],
    [{ left_fee: 2000 }, 268490016],
  ])('refuses %j by %i', async (more, errcode) => {
    expect(await refund(more)).toMatchObject({ errcode });
    expect(await buyer.query(orderId)).toMatchObject({ order: { left_fee: 1990 } });
  });

  it('refuses what was not paid, what is of somebody else, and a number of an order', async () => {
    const { order } = await buyer.pay({}, { act: 'cancel' });
    expect(await refund({ order_id: order.order_id })).toMatchObject({ errcode: 268490002 });
    expect(await refund({ openid: await bench.user('ming') })).toMatchObject({ errcode: 268490001 });
    expect(await refund({ refund_order_id: orderId })).toMatchObject({ errcode: 268490002 });
    expect(await buyer.call('refund_order', { env: 0 }, 'wrong')).toMatchObject({ errcode: 268490003 });
  });
});
