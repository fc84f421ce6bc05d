import { errorBody } from '../wechat-errors.js';
import { isOrder, orderOf } from './signed-call.js';
import { orderView } from './order.js';
import { refundView } from './refund.js';
import type { Answer } from '../api-call.js';
import type { VirtualRefund } from './refund.js';
import type { WechatState } from '../wechat-state.js';
import type { XpayCall } from './signed-call.js';

/** `POST /xpay/query_order`: the order of this user, or the refund of this number. */
export function queryOrder(call: XpayCall, state: WechatState): Answer {
  const { openid } = call.body;
  if (state.openids.refusal(call.app.appid, openid) !== undefined) return errorBody(268490001);
  const refund = refundOf(call, state);
  const order = refund?.order ?? orderOf(call, state);
  if (!isOrder(order)) return order;
  if (order.openid !== openid) return errorBody(268490001);
  return { errcode: 0, errmsg: 'ok', order: refund ? refundView(refund) : orderView(order) };
}

function refundOf({ app: { appid }, body: { order_id: id }, env }: XpayCall, { virtualRefunds }: WechatState): VirtualRefund | undefined {
  const refund = typeof id === 'string' ? virtualRefunds.find(appid, id) : undefined;
  return refund?.order.env === env ? refund : undefined;
}
