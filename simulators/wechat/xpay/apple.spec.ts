import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppServer } from '../push/app-server.fixture.js';
import { Bench } from '../simulator.fixture.js';
import { Buyer } from './buyer.fixture.js';

const INQUIRY = 'xpay_subscribe_ios_refund_query_notify';
const IOS = { platform: 'ios' };
let bench: Bench;
let buyer: Buyer;
let app: AppServer;
/** What the server says to inquiries; undefined = nothing. */
let advice: string | undefined;

beforeEach(async () => {
  bench = await Bench.open();
  buyer = await Buyer.open(bench);
  app = await AppServer.open();
  advice = adviceOf(0);
  app.answer = ({ body }) => (body.includes(INQUIRY) ? advice : JSON.stringify({ ErrCode: 0, ErrMsg: 'success' }));
  await bench.pushTo(app);
});
afterEach(async () => {
  await bench.close();
  await app.close();
});

function adviceOf(code: number): string {
  return JSON.stringify({ result_code: code, result_info: '权益已使用', evidence: '订单已发货' });
}

async function askApple(outTradeNo: string, more: Record<string, unknown> = {}): Promise<{ deliveries: { attempts: { ms: number }[] }[] }> {
  return bench.control('POST', 'xpay/apple-refunds', { appid: 'wx1', outTradeNo, ...more });
}

describe('a payment by Apple', () => {
  it('is an order of its own kind, without a transaction of WeChat Pay', async () => {
    const { order } = await buyer.pay({}, IOS);
    expect(order).toMatchObject({ status: 4, order_type: 7, wxpay_order_id: '', paid_fee: 1990 });
    const delivery: unknown = JSON.parse(app.last.body);
    expect(delivery).toMatchObject({ OutTradeNo: order.order_id, GoodsInfo: { ProductId: 'vip_month' } });
    expect(delivery).not.toHaveProperty('WeChatPayInfo');
  });

  it('has no sandbox, no price below 1 yuan, and must be switched on', async () => {
    expect(await buyer.pay({ env: 1 }, IOS)).toMatchObject({ errCode: -15011, errMsg: 'requestVirtualPayment:fail PAYMENT_ILLEGAL_IN_SANDBOX' });
    await bench.control('PUT', 'xpay/goods', { appid: 'wx1', goods: [{ productId: 'vip_month', price: 99 }] });
    expect(await buyer.pay({ goodsPrice: 99 }, IOS)).toMatchObject({ errCode: -15001 });
    expect(await buyer.pay({ goodsPrice: 99, buyQuantity: 2 }, IOS)).toMatchObject({ errCode: 0 });
    await Buyer.offer(bench, { ios: false });
    expect(await buyer.pay({ goodsPrice: 99, buyQuantity: 2 }, IOS)).toMatchObject({ errMsg: expect.stringContaining('当前商户尚未开启 iOS 支付') });
  });

  it('cannot be refunded by the merchant', async () => {
    const { order } = await buyer.pay({}, IOS);
    const wish = { openid: buyer.openid, env: 0, order_id: order.order_id, refund_order_id: 'RF-00000001', left_fee: 1990, refund_fee: 1990, biz_meta: '', refund_reason: '3', req_from: '2' };
    expect(await buyer.call('refund_order', wish)).toMatchObject({ errcode: 268490002 });
    expect(await buyer.query(order.order_id)).toMatchObject({ order: { status: 4, left_fee: 1990 } });
  });
});

describe('a refund by Apple', () => {
  it('asks the server first, and is told as any other', async () => {
    const { order } = await buyer.pay({}, IOS);
    app.got.length = 0;
    expect(await askApple(order.order_id)).toMatchObject({ advice: 0, refunded: true, order: { status: 8, left_fee: 0 }, deliveries: [{ outcome: 'accepted' }, { outcome: 'accepted' }] });
    expect(app.bodies.map(({ Event }) => Event)).toEqual([INQUIRY, 'xpay_refund_notify']);
    expect(app.bodies[0]).toMatchObject({ FromUserName: buyer.openid, pay_order_id: order.order_id, channel_bill: order.channel_order_id, product_id: 'vip_month', p_count: 1, provide_status: 1, order_time: order.paid_time });
    expect(JSON.parse(app.last.body)).toMatchObject({ MchOrderId: order.order_id, MchRefundId: '', RefundFee: 1990, RetCode: 0 });
  });

  it('does not happen where the server is against it and Apple agrees', async () => {
    const { order } = await buyer.pay({}, IOS);
    advice = adviceOf(1);
    expect(await askApple(order.order_id)).toMatchObject({ advice: 1, refunded: false, order: { status: 4, left_fee: 1990 } });
    expect(await askApple(order.order_id, { decision: 'refund' })).toMatchObject({ advice: 1, refunded: true, order: { status: 8 } });
    expect(await askApple(order.order_id)).toMatchObject({ refunded: false });
  });

  it('may be refused although the server has nothing against it', async () => {
    const { order } = await buyer.pay({}, IOS);
    expect(await askApple(order.order_id, { decision: 'keep' })).toMatchObject({ advice: 0, refunded: false, order: { status: 4 } });
  });

  it.each([
    ['nothing in time', undefined, 'unanswered'],
    ['ErrCode', JSON.stringify({ ErrCode: 0, ErrMsg: 'success' }), 'invalid'],
    ['no evidence', JSON.stringify({ result_code: 1, result_info: '' }), 'invalid'],
    ['another code', adviceOf(2), 'invalid'],
  ])('asks three times and decides alone where the server answers %s', async (_, answer, outcome) => {
    const { order } = await buyer.pay({}, IOS);
    if (answer === undefined) await bench.pushTo(app, { answerMs: 200 });
    advice = answer;
    const asked = await askApple(order.order_id);
    expect(asked.deliveries.slice(0, 3)).toMatchObject([{ outcome }, { outcome }, { outcome }]);
    expect(asked).toMatchObject({ refunded: true });
    expect(asked).not.toHaveProperty('advice');
  });

  it('waits 3 seconds for an answer, not 5', async () => {
    const { order } = await buyer.pay({}, IOS);
    app.got.length = 0;
    app.answer = () => (app.got.length === 1 ? undefined : adviceOf(1));
    const { deliveries } = await askApple(order.order_id);
    expect(deliveries).toMatchObject([{ outcome: 'unanswered', attempts: [{ status: 0, ms: expect.any(Number) }] }, { outcome: 'accepted', attempts: [{ reply: { advice: 1 } }] }]);
    expect(deliveries[0]?.attempts[0]?.ms).toBeGreaterThan(2_900);
    expect(deliveries[0]?.attempts[0]?.ms).toBeLessThan(4_900);
  }, 15_000);

  it('is only of what Apple was paid', async () => {
    const { order } = await buyer.pay();
    expect(await askApple(order.order_id)).toHaveProperty('error');
    const left = await buyer.pay({}, { ...IOS, act: 'cancel' });
    expect(await askApple(left.order.order_id)).toHaveProperty('error');
    const paid = await buyer.pay({}, IOS);
    for (const bad of [{ decision: 'maybe' }, { provideStatus: 3 }, { reason: '' }]) expect(await askApple(paid.order.order_id, bad)).toHaveProperty('error');
  });
});
