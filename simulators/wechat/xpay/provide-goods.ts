import { errorBody } from '../wechat-errors.js';
import { isOrder, orderOf } from './signed-call.js';
import { isToDeliver } from './order.js';
import type { Answer } from '../api-call.js';
import type { WechatState } from '../wechat-state.js';
import type { XpayCall } from './signed-call.js';

/** `POST /xpay/notify_provide_goods`: the server delivered without a push. One that is delivered already is 268490004; one that waits for no delivery 268490002 (assumed). */
export function provideGoods(call: XpayCall, state: WechatState): Answer {
  const order = orderOf(call, state);
  if (!isOrder(order)) return order;
  if (order.state === 4) return errorBody(268490004);
  if (!isToDeliver(order)) return errorBody(268490002, 'the order waits for no delivery');
  state.virtualOrders.move(order, 4);
  return { errcode: 0, errmsg: 'ok' };
}
