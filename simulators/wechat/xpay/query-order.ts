import { errorBody } from '../wechat-errors.js';
import { isOrder, orderOf } from './signed-call.js';
import { orderView } from './order.js';
import type { Answer } from '../api-call.js';
import type { WechatState } from '../wechat-state.js';
import type { XpayCall } from './signed-call.js';

/** `POST /xpay/query_order`: the order of this user. */
export function queryOrder(call: XpayCall, state: WechatState): Answer {
  const { openid } = call.body;
  if (state.openids.refusal(call.app.appid, openid) !== undefined) return errorBody(268490001);
  const order = orderOf(call, state);
  if (!isOrder(order)) return order;
  return order.openid === openid ? { errcode: 0, errmsg: 'ok', order: orderView(order) } : errorBody(268490001);
}
