import { isToDeliver, seconds } from './order.js';
import { pushOnce, pushUntilTaken } from './event.js';
import type { Delivery } from '../push/sender.js';
import type { PushFields } from '../push/message.js';
import type { Variant } from '../push/letter.js';
import type { VirtualOrder } from './order.js';
import type { WechatState } from '../wechat-state.js';

const EVENT = 'xpay_goods_deliver_notify';

/** Asks the server to deliver what was paid, until it says that it has; the order is delivered then. The sandbox may not ask at all. */
export async function deliverUntilTaken(state: WechatState, order: VirtualOrder): Promise<Delivery[]> {
  if (order.env === 1 && !state.offers.of(order.appid)?.sandboxPushes) return [];
  const deliveries = await pushUntilTaken(state, { appid: order.appid, openid: order.openid, event: EVENT }, () => deliveryOf(order));
  note(state, order, deliveries.at(-1));
  return deliveries;
}

/** Asks once, whatever became of earlier ones. A forged one is no question of WeChat's, and its answer none to it. */
export async function deliverOnce(state: WechatState, order: VirtualOrder, variant: Variant): Promise<Delivery> {
  const delivery = await pushOnce(state, { appid: order.appid, openid: order.openid, event: EVENT, fields: deliveryOf(order) }, variant);
  if (variant === 'good') note(state, order, delivery);
  return delivery;
}

function note({ virtualOrders }: WechatState, order: VirtualOrder, last: Delivery | undefined): void {
  if (last?.outcome === 'accepted' && isToDeliver(order)) virtualOrders.move(order, 4);
}

/** Prices are those of all items (assumed). What Apple was paid has no `WeChatPayInfo`. */
function deliveryOf({ openid, outTradeNo, env, channelOrderId, wxpayOrderId, paidAt, isIos, ...order }: VirtualOrder): PushFields {
  const WeChatPayInfo = { MchOrderNo: channelOrderId, TransactionId: wxpayOrderId, PaidTime: seconds(paidAt) };
  const GoodsInfo = { ProductId: order.productId, Quantity: order.quantity, OrigPrice: order.originalFee, ActualPrice: order.fee, Attach: order.attach };
  return { OpenId: openid, OutTradeNo: outTradeNo, Env: env, ...(isIos ? {} : { WeChatPayInfo }), GoodsInfo };
}
