import { beijingTime } from './clock.js';
import type { PayState } from './pay-state.js';

/** Everything that really happened, of all merchants or of one: what a merchant's own books are compared with. */
export function recordOf(state: PayState, merchantId: string | null): Record<string, unknown> {
  const now = state.clock.now();
  const isWanted = (id: string): boolean => merchantId === null || merchantId === id;
  const orders = [];
  for (const order of state.orders.all()) {
    if (!isWanted(order.merchant_id)) continue;
    orders.push({
      merchant_id: order.merchant_id,
      out_trade_no: order.out_trade_no,
      app_id: order.app_id,
      trade_type: order.trade_type,
      trade_state: state.orders.stateOf(order, now),
      total: order.total,
      payments: order.payments.map((payment) => ({ ...payment, success_time: beijingTime(payment.success_time) })),
    });
  }
  const refunds = [];
  for (const refund of state.refunds.all()) {
    if (!isWanted(refund.merchant_id)) continue;
    const { merchant_id: id, out_trade_no: tradeNo, out_refund_no: refundNo, refund_id: refundId, transaction_id: transactionId, refund: fen, status } = refund;
    refunds.push({ merchant_id: id, out_trade_no: tradeNo, out_refund_no: refundNo, refund_id: refundId, transaction_id: transactionId, refund: fen, status });
  }
  return { orders, refunds };
}
