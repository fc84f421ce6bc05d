import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppServer } from '../push/app-server.fixture.js';
import { Bench } from '../simulator.fixture.js';
import { Buyer } from './buyer.fixture.js';
import { WechatState } from '../wechat-state.js';
import { deliverUntilTaken } from './deliver.js';
import { seal, signatureOf } from '../push/crypto.js';

const TAKEN = JSON.stringify({ ErrCode: 0, ErrMsg: 'success' });
const KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
let bench: Bench;
let buyer: Buyer;
let app: AppServer;

beforeEach(async () => {
  bench = await Bench.open();
  buyer = await Buyer.open(bench);
  app = await AppServer.open();
  app.answer = () => TAKEN;
  await bench.pushTo(app);
});
afterEach(async () => {
  await bench.close();
  await app.close();
});

/** Answers in turn, the last one for ever. */
function answering(...answers: readonly string[]): void {
  app.answer = () => answers[Math.min(app.got.length, answers.length) - 1];
}

describe('the delivery of goods', () => {
  it('is pushed, and taken by ErrCode 0', async () => {
    const { order, deliveries } = await buyer.pay();
    expect(deliveries).toMatchObject([{ outcome: 'accepted', attempts: [{ status: 200 }] }]);
    expect(app.bodies).toMatchObject([
      {
        MsgType: 'event',
        Event: 'xpay_goods_deliver_notify',
        FromUserName: buyer.openid,
        OpenId: buyer.openid,
        OutTradeNo: order.order_id,
        Env: 0,
        WeChatPayInfo: { MchOrderNo: order.channel_order_id, TransactionId: order.wxpay_order_id, PaidTime: order.paid_time },
        GoodsInfo: { ProductId: 'vip_month', Quantity: 1, OrigPrice: 1990, ActualPrice: 1990, Attach: 'uid=42' },
      },
    ]);
    expect(await buyer.query(order.order_id)).toMatchObject({ order: { status: 4, provide_time: expect.any(Number) } });
  });

  it('is pushed again, the same, until ErrCode is 0', async () => {
    answering('success', '', JSON.stringify({ ErrCode: 1, ErrMsg: 'busy' }), TAKEN);
    const { deliveries, order } = await buyer.pay();
    expect(deliveries.map(({ outcome }) => outcome)).toEqual(['invalid', 'invalid', 'invalid', 'accepted']);
    expect(new Set(app.bodies.map(({ OutTradeNo }) => OutTradeNo))).toEqual(new Set([order.order_id]));
  });

  it('waits as long as was told before it is pushed again', async () => {
    await Buyer.offer(bench, { repeatMs: 100 });
    answering('', TAKEN);
    const began = performance.now();
    await buyer.pay();
    expect(performance.now() - began).toBeGreaterThan(95);
  });

  it('is given up after 15 repeats, and the order still waits for it', async () => {
    answering('');
    const { order, deliveries } = await buyer.pay();
    expect(deliveries).toHaveLength(16);
    expect(await buyer.query(order.order_id)).toMatchObject({ order: { status: 2, provide_time: 0 } });
  });

  it('may be lost, come late, and come several times at once', async () => {
    const { order, deliveries } = await buyer.pay({}, { push: false });
    expect([deliveries, app.got]).toEqual([[], []]);
    expect(await buyer.query(order.order_id)).toMatchObject({ order: { status: 2 } });
    const again = await bench.control('POST', 'xpay/deliveries', { appid: 'wx1', outTradeNo: order.order_id, times: 3, parallel: true });
    expect(again).toMatchObject({ order: { status: 4 }, deliveries: [{ outcome: 'accepted' }, { outcome: 'accepted' }, { outcome: 'accepted' }] });
    expect(app.got).toHaveLength(3);
  });

  it('may be forged, and whoever takes that delivers nothing at WeChat', async () => {
    const { order } = await buyer.pay({}, { push: false });
    const forged = { appid: 'wx1', outTradeNo: order.order_id, variant: 'bad_signature' };
    expect(await bench.control('POST', 'xpay/deliveries', forged)).toMatchObject({ order: { status: 2 }, deliveries: [{ variant: 'bad_signature', outcome: 'accepted' }] });
    const { timestamp = '', nonce = '', signature } = Object.fromEntries(app.last.query);
    expect(signature).not.toBe(signatureOf('AAAAA', timestamp, nonce));
    expect(await bench.control('POST', 'xpay/deliveries', { ...forged, variant: 'wrong_appid' })).toHaveProperty('error');
  });

  it('is not awaited where nobody wants to', async () => {
    const { order } = await buyer.pay({}, { wait: false });
    expect(order.status).toBe(2);
    const { pushes } = await bench.control('GET', 'pushes?appid=wx1&type=xpay_goods_deliver_notify&atLeast=1');
    expect(pushes).toMatchObject([{ outcome: 'accepted' }]);
  });

  it('is not pushed in the sandbox, unless it was told to', async () => {
    expect(await buyer.pay({ env: 1 })).toMatchObject({ order: { status: 2, env_type: 2 }, deliveries: [] });
    await Buyer.offer(bench, { sandboxPushes: true });
    const { order } = await buyer.pay({ env: 1 });
    expect(app.bodies).toMatchObject([{ Env: 1 }]);
    expect(await buyer.query(order.order_id, { env: 1 })).toMatchObject({ order: { status: 4 } });
  });

  it('is pushed and answered as XML', async () => {
    await bench.pushTo(app, { format: 'xml' });
    answering('<xml><ErrCode>0</ErrCode><ErrMsg><![CDATA[success]]></ErrMsg></xml>');
    expect(await buyer.pay()).toMatchObject({ deliveries: [{ outcome: 'accepted' }] });
    expect(app.last.body).toContain('<GoodsInfo><ProductId><![CDATA[vip_month]]></ProductId><Quantity>1</Quantity>');
  });

  it('may have its numbers as texts', async () => {
    await Buyer.offer(bench, { numbersAsTexts: true });
    const { order } = await buyer.pay();
    expect(app.bodies).toMatchObject([{ Env: '0', WeChatPayInfo: { PaidTime: String(order.paid_time) }, GoodsInfo: { Quantity: '1', ActualPrice: '1990' } }]);
  });

  it('wants a sealed answer where it was sealed', async () => {
    await bench.pushTo(app, { mode: 'secure', encodingAesKey: KEY });
    const sealed = seal(TAKEN, KEY, 'wx1');
    answering(TAKEN, JSON.stringify({ Encrypt: sealed, MsgSignature: signatureOf('AAAAA', '1763700000', '77', sealed), TimeStamp: '1763700000', Nonce: '77' }));
    const { deliveries } = await buyer.pay();
    expect(deliveries).toMatchObject([{ outcome: 'invalid' }, { outcome: 'accepted', attempts: [{ reply: { encrypted: true } }] }]);
  });

  it('ends with the simulator', async () => {
    const state = new WechatState();
    state.pushBook.set('wx1', { url: app.url, token: 'AAAAA' });
    state.offers.set('wx1', { offerId: '1450000000', appKey: 'k', repeatMs: 60_000 });
    const order = state.virtualOrders.create({ appid: 'wx1', openid: buyer.openid, outTradeNo: buyer.nextNo(), env: 0, isIos: false, productId: 'vip_month', quantity: 1, originalFee: 1990, fee: 1990, attach: '' });
    answering('');
    const delivered = deliverUntilTaken(state, order);
    await state.sender.wait('wx1', undefined, undefined, 1, 1_000);
    state.close();
    expect(await delivered).toMatchObject([{ outcome: 'invalid' }]);
  });
});

describe('notify_provide_goods', () => {
  it('delivers what no push asked for, once', async () => {
    const { order } = await buyer.pay({}, { push: false });
    const call = { order_id: order.order_id, env: 0 };
    expect(await buyer.call('notify_provide_goods', call)).toEqual({ errcode: 0, errmsg: 'ok' });
    expect(await buyer.query(order.order_id)).toMatchObject({ order: { status: 4 } });
    expect(await buyer.call('notify_provide_goods', call)).toMatchObject({ errcode: 268490004 });
    expect(await buyer.call('notify_provide_goods', { ...call, order_id: 'x' })).toMatchObject({ errcode: 268490002 });
    expect(await buyer.call('notify_provide_goods', call, 'wrong')).toMatchObject({ errcode: 268490003 });
  });

  it('does nothing for an order that is not paid', async () => {
    const { order } = await buyer.pay({}, { act: 'cancel' });
    expect(await buyer.call('notify_provide_goods', { order_id: order.order_id, env: 0 })).toMatchObject({ errcode: 268490002 });
    expect(await bench.control('POST', 'xpay/deliveries', { appid: 'wx1', outTradeNo: order.order_id })).toHaveProperty('error');
  });

  it('and a push that is late change nothing of a refunded order', async () => {
    const { order } = await buyer.pay({}, { push: false });
    await bench.control('PUT', 'xpay/orders', { appid: 'wx1', outTradeNo: order.order_id, status: 8 });
    expect(await buyer.call('notify_provide_goods', { order_id: order.order_id, env: 0 })).toMatchObject({ errcode: 268490002 });
    expect(await bench.control('POST', 'xpay/deliveries', { appid: 'wx1', outTradeNo: order.order_id })).toMatchObject({ order: { status: 8 }, deliveries: [{ outcome: 'accepted' }] });
  });
});
