import { ControlError } from './control-error.js';
import { appOf, booleanOf, integerOf, textOf } from './control-fields.js';
import { askApple } from './xpay/apple-refund.js';
import { clientFailure } from './xpay/client-error.js';
import { deliverOnce, deliverUntilTaken } from './xpay/deliver.js';
import { orderView, STATES } from './xpay/order.js';
import { requestPayment } from './xpay/request-payment.js';
import { tellRefundOnce } from './xpay/refund-notice.js';
import { endOf, viewOf } from './push-view.js';
import { mannerOf } from './control-push.js';
import { repeat } from './user-acts.js';
import type { ControlCall, ControlReply, ControlRoutes } from './control-route.js';
import type { Goods, Offer } from './xpay/offers.js';
import type { OrderState, VirtualOrder } from './xpay/order.js';

/** The virtual payment of an app, and its users who pay. */
export const XPAY_ROUTES: ControlRoutes = {
  'PUT /control/xpay': ({ body, state }) => ({ body: shown(state.offers.set(appOf(body['appid'], state.apps).appid, body)) }),
  'PUT /control/xpay/goods': ({ body, state }) => ({ body: { goods: state.offers.publish(appOf(body['appid'], state.apps).appid, body['goods']).map(goodsView) } }),
  'GET /control/xpay/goods': ({ query, state }) => ({ body: { goods: state.offers.goodsOf(textOf(query.get('appid'), 'appid')).map(goodsView) } }),
  'POST /control/xpay/payments': pay,
  'GET /control/xpay/orders': ({ query, state }) => ({ body: { order: orderView(state.virtualOrders.known(textOf(query.get('appid'), 'appid'), textOf(query.get('outTradeNo'), 'outTradeNo'))) } }),
  'PUT /control/xpay/orders': setState,
  'POST /control/xpay/deliveries': deliverAgain,
  'POST /control/xpay/refund-notices': tellAgain,
  'POST /control/xpay/apple-refunds': askForRefund,
};

/**
 * The user's phone calls `wx.requestVirtualPayment`; then they pay, or with `act` `cancel` look at the price and
 * leave. The delivery is pushed until the server takes it; with `push: false` it is lost.
 */
async function pay({ body, state }: ControlCall): Promise<ControlReply> {
  const { act = 'pay', push = true, wait = true } = body;
  const [isPushed, waits] = [booleanOf(push, 'push'), booleanOf(wait, 'wait')];
  if (act !== 'pay' && act !== 'cancel') throw new ControlError(400, '"act" must be pay or cancel.');
  const order = requestPayment(requestOf(body, state), state);
  if ('errCode' in order) return { body: clientFailure(order) };
  if (act === 'cancel') return { body: { ...clientFailure({ errCode: -2 }), order: orderView(order) } };
  state.virtualOrders.move(order, 2);
  const pushed = isPushed ? deliverUntilTaken(state, order) : Promise.resolve([]);
  const end = await endOf(pushed, waits);
  return { body: { errCode: 0, errMsg: 'requestVirtualPayment:ok', order: orderView(order), ...end } };
}

/** Pushes the delivery of an order `times` more, taken or not: one that was lost, is late, comes twice, or is forged. */
async function deliverAgain({ body, state }: ControlCall): Promise<ControlReply> {
  const order = orderOf(body, state);
  if (order.paidAt === undefined) throw new ControlError(409, 'This order is not paid.');
  const deliveries = await repeat(mannerOf(body, state), (variant) => deliverOnce(state, order, variant));
  return { body: { order: orderView(order), deliveries: deliveries.map(viewOf) } };
}

/** Pushes the end of a refund `times` more. */
async function tellAgain({ body, state }: ControlCall): Promise<ControlReply> {
  const refund = state.virtualRefunds.known(appOf(body['appid'], state.apps).appid, textOf(body['refundOrderId'], 'refundOrderId'));
  if (refund.endedAt === undefined) throw new ControlError(409, 'This refund is under way.');
  const deliveries = await repeat(mannerOf(body, state), (variant) => tellRefundOnce(state, refund, variant));
  return { body: { deliveries: deliveries.map(viewOf) } };
}

/** The user asks Apple for the money of an iOS order. */
async function askForRefund({ body, state }: ControlCall): Promise<ControlReply> {
  const { decision = 'advice', reason = 'UNINTENDED_PURCHASE', provideStatus } = body;
  if (decision !== 'advice' && decision !== 'refund' && decision !== 'keep') throw new ControlError(400, '"decision" must be advice, refund or keep.');
  const order = orderOf(body, state);
  if (!order.isIos || order.paidAt === undefined) throw new ControlError(409, 'This order was not paid by Apple.');
  const request = { decision, reason: textOf(reason, 'reason'), provideStatus: provideStatus === undefined ? undefined : integerOf(provideStatus, 'provideStatus', 0, 2) } as const;
  const { advice, isRefunded, deliveries } = await askApple(state, order, request);
  return { body: { ...(advice === undefined ? {} : { advice }), refunded: isRefunded, order: orderView(order), deliveries: deliveries.map(viewOf) } };
}

function requestOf(body: ControlCall['body'], state: ControlCall['state']): Parameters<typeof requestPayment>[0] {
  const { mode = 'short_series_goods', platform = 'android' } = body;
  if (platform !== 'android' && platform !== 'ios') throw new ControlError(400, '"platform" must be android or ios.');
  const { appid } = appOf(body['appid'], state.apps);
  const [openid, signData, paySig, signature] = [textOf(body['openid'], 'openid'), textOf(body['signData'], 'signData'), textOf(body['paySig'], 'paySig'), textOf(body['signature'], 'signature')];
  return { appid, openid, mode: textOf(mode, 'mode'), signData, paySig, signature, isIos: platform === 'ios' };
}

/** Puts an order into any state, also one that it would not come to here. */
function setState({ body, state }: ControlCall): ControlReply {
  const order = orderOf(body, state);
  state.virtualOrders.move(order, integerOf(body['status'], 'status', 0, STATES.length - 1) as OrderState);
  return { body: { order: orderView(order) } };
}

function orderOf(body: ControlCall['body'], { apps, virtualOrders }: ControlCall['state']): VirtualOrder {
  return virtualOrders.known(appOf(body['appid'], apps).appid, textOf(body['outTradeNo'], 'outTradeNo'));
}

function goodsView({ productId, price, publishedAt }: Goods): object {
  return { productId, price, publishedAt: new Date(publishedAt).toISOString() };
}

/** An offer without its keys. */
function shown({ appKey: _, sandboxAppKey: _sandbox, ...offer }: Offer): object {
  return offer;
}
