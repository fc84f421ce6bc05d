import { orderView, seconds } from './order.js';
import type { OrderView, VirtualOrder } from './order.js';

/** A refund, asked for by the merchant or, of an Apple payment, decided by Apple. Amounts in fen, times in milliseconds since 1970. */
export interface VirtualRefund {
  readonly order: VirtualOrder;
  /** The merchant's number; Apple's refunds have none. */
  readonly refundOrderId: string;
  /** WeChat's own number. */
  readonly wxRefundId: string;
  readonly wxpayRefundId: string;
  readonly fee: number;
  readonly bizMeta: string;
  readonly startedAt: number;
  endedAt: number | undefined;
  /** 5 = taken from the merchant, 8 = the user has it, 7 = failed. */
  state: 5 | 7 | 8;
}

/** A refund as `query_order` tells it, asked for by its number. */
export function refundView({ order, refundOrderId, wxRefundId, wxpayRefundId, fee, bizMeta, startedAt, endedAt, state }: VirtualRefund): OrderView {
  return {
    ...orderView(order),
    order_id: refundOrderId,
    create_time: seconds(startedAt),
    update_time: seconds(endedAt ?? startedAt),
    status: state,
    order_type: order.isIos ? 8 : 1,
    refund_fee: fee,
    paid_time: seconds(endedAt),
    provide_time: 0,
    biz_meta: bizMeta,
    left_fee: 0,
    wx_order_id: wxRefundId,
    wxpay_order_id: wxpayRefundId,
  };
}
