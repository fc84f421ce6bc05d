import { beijingTime } from './clock.js';
import { idOf } from './notice.js';
import type { Notice } from './notice.js';
import type { Payment } from './orders.js';
import type { Refund, RefundState } from './refunds.js';

const ACCOUNT = '支付用户零钱';
const SUMMARIES: Record<RefundState, string> = { PROCESSING: '退款处理中', SUCCESS: '退款成功', ABNORMAL: '退款异常', CLOSED: '退款关闭' };

/** The refund object of the API; a notification says `refund_status` where this says `status`. */
export function refundObject(refund: Refund, payment: Payment): Record<string, unknown> {
  return {
    refund_id: refund.refund_id,
    out_refund_no: refund.out_refund_no,
    transaction_id: refund.transaction_id,
    out_trade_no: refund.out_trade_no,
    channel: 'ORIGINAL',
    user_received_account: ACCOUNT,
    ...successTime(refund),
    create_time: beijingTime(refund.created_at),
    status: refund.status,
    funds_account: 'AVAILABLE',
    amount: {
      total: payment.total,
      refund: refund.refund,
      from: [],
      payer_total: payment.payer_total,
      payer_refund: refund.payer_refund,
      settlement_refund: refund.refund,
      settlement_total: payment.total,
      discount_refund: refund.refund - refund.payer_refund,
      currency: 'CNY',
      refund_fee: refund.fee,
    },
    promotion_detail: [],
  };
}

/** The notice of where a refund went. */
export function refundNotice(refund: Refund, payment: Payment): Notice {
  return {
    id: idOf(`REFUND.${refund.status} ${refund.refund_id}`),
    merchant_id: refund.merchant_id,
    url: refund.notify_url,
    event_type: `REFUND.${refund.status}`,
    summary: SUMMARIES[refund.status],
    original_type: 'refund',
    create_time: beijingTime(refund.success_time ?? refund.created_at),
    resource: {
      mchid: refund.merchant_id,
      transaction_id: refund.transaction_id,
      out_trade_no: refund.out_trade_no,
      refund_id: refund.refund_id,
      out_refund_no: refund.out_refund_no,
      refund_status: refund.status,
      ...successTime(refund),
      user_received_account: ACCOUNT,
      amount: { total: payment.total, refund: refund.refund, payer_total: payment.payer_total, payer_refund: refund.payer_refund },
    },
  };
}

function successTime({ success_time: at }: Refund): Record<string, string> {
  return at === undefined ? {} : { success_time: beijingTime(at) };
}
