import { errorBody } from '../wechat-errors.js';
import { isOrder, orderOf } from './signed-call.js';
import { tellRefund } from './refund-notice.js';
import type { Answer } from '../api-call.js';
import type { VirtualOrder } from './order.js';
import type { WechatState } from '../wechat-state.js';
import type { XpayCall } from './signed-call.js';

const REFUND_ORDER_ID = /^[\w-]{8,32}$/u;
const LONGEST_META = 1_024;
const REASONS = ['0', '1', '2', '3', '4', '5'];
const SOURCES = ['1', '2', '3'];
/** States in which nothing was paid. */
const UNPAID = [0, 1, 6];

interface Wish {
  readonly refundOrderId: string;
  readonly leftFee: number;
  readonly fee: number;
  readonly bizMeta: string;
}

/**
 * `POST /xpay/refund_order`: the task begins, its end is pushed as `xpay_refund_notify`. The same refund again is
 * 268490004, an order of which nothing is left 268490005, a `left_fee` that is not the order's 268490016; an
 * order of Apple's is refunded by Apple alone (268490002 is assumed).
 */
export function refundOrder(call: XpayCall, state: WechatState): Answer {
  const { openid } = call.body;
  if (state.openids.refusal(call.app.appid, openid) !== undefined) return errorBody(268490001);
  const wish = wishOf(call.body);
  if (typeof wish === 'string') return errorBody(268490002, wish);
  const order = orderOf(call, state);
  if (!isOrder(order)) return order;
  if (order.openid !== openid) return errorBody(268490001);
  const refused = refuse(wish, order, state);
  if (refused) return refused;
  const refund = state.virtualRefunds.begin({ order, refundOrderId: wish.refundOrderId, fee: wish.fee, bizMeta: wish.bizMeta });
  void tellRefund(state, refund);
  return { errcode: 0, errmsg: 'ok', refund_order_id: wish.refundOrderId, refund_wx_order_id: refund.wxRefundId, pay_order_id: order.outTradeNo, pay_wx_order_id: order.wxOrderId };
}

/** What is asked for, or the name of the field that is wrong. */
function wishOf({ refund_order_id: refundOrderId, left_fee: leftFee, refund_fee: fee, biz_meta: bizMeta, refund_reason: reason, req_from: source }: XpayCall['body']): Wish | string {
  if (typeof refundOrderId !== 'string' || !REFUND_ORDER_ID.test(refundOrderId)) return 'refund_order_id';
  if (typeof leftFee !== 'number' || !Number.isInteger(leftFee)) return 'left_fee';
  if (typeof fee !== 'number' || !Number.isInteger(fee) || fee < 1 || fee > leftFee) return 'refund_fee';
  if (typeof bizMeta !== 'string' || bizMeta.length > LONGEST_META) return 'biz_meta';
  if (typeof reason !== 'string' || !REASONS.includes(reason)) return 'refund_reason';
  if (typeof source !== 'string' || !SOURCES.includes(source)) return 'req_from';
  return { refundOrderId, leftFee, fee, bizMeta };
}

function refuse({ refundOrderId, leftFee, fee }: Wish, order: VirtualOrder, { virtualOrders, virtualRefunds }: WechatState): Answer | undefined {
  if (order.isIos) return errorBody(268490002, 'Apple decides about refunds of iOS orders');
  const earlier = virtualRefunds.find(order.appid, refundOrderId);
  if (earlier) return earlier.order === order && earlier.fee === fee ? errorBody(268490004) : errorBody(268490002, 'refund_order_id was used for another refund');
  if (virtualOrders.isUsed(order.appid, refundOrderId)) return errorBody(268490002, 'refund_order_id is that of an order');
  if (UNPAID.includes(order.state)) return errorBody(268490002, 'the order is not paid');
  if (order.leftFee === 0) return errorBody(268490005);
  return leftFee === order.leftFee ? undefined : errorBody(268490016);
}
