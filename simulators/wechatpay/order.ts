export type Channel = 'jsapi' | 'native' | 'h5';
export const TRADE_TYPES: Readonly<Record<Channel, string>> = { jsapi: 'JSAPI', native: 'NATIVE', h5: 'MWEB' };

/** Money that arrived. Amounts in fen, times in milliseconds. */
export interface Payment {
  readonly transactionId: string;
  readonly openid: string;
  readonly total: number;
  /** After coupons. */
  readonly payerTotal: number;
  readonly at: number;
}

/** An order as the journal keeps it. */
export interface Order {
  readonly merchantId: string;
  readonly outTradeNo: string;
  readonly appId: string;
  readonly channel: Channel;
  readonly description: string;
  readonly total: number;
  readonly notifyUrl: string;
  readonly attach: string | undefined;
  readonly openid: string | undefined;
  readonly expiresAt: number;
  /** The request as it first came; the same number with other content is refused. */
  readonly canonical: string;
  readonly createdAt: number;
  readonly prepayId: string;
  readonly prepaidAt: number;
  readonly closedAt: number | undefined;
  /** More than one only when a second payment was forced. */
  readonly payments: readonly Payment[];
  readonly refundStarted: boolean;
}

export const PREPAY_LIFE_MS = 2 * 3_600_000;
const CLOSE_AFTER_MS = 7 * 86_400_000;

export type TradeState = 'SUCCESS' | 'REFUND' | 'NOTPAY' | 'CLOSED';
const WORDS: Readonly<Record<TradeState, string>> = { SUCCESS: '支付成功', REFUND: '转入退款', NOTPAY: '订单未支付', CLOSED: '订单已关闭' };

export function stateOf(order: Order, now: number): TradeState {
  if (order.payments.length > 0) return order.refundStarted ? 'REFUND' : 'SUCCESS';
  return order.closedAt !== undefined || now > order.createdAt + CLOSE_AFTER_MS ? 'CLOSED' : 'NOTPAY';
}

/** yyyy-MM-ddTHH:mm:ss+08:00 */
export function beijing(at: number): string {
  return `${new Date(at + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}

/** The transaction object of queries and letters (reference 4.4). */
export function transaction(order: Order, now: number, payment: Payment | undefined = order.payments[0]): Record<string, unknown> {
  const state = stateOf(order, now);
  const common = { appid: order.appId, mchid: order.merchantId, out_trade_no: order.outTradeNo, trade_state: state, trade_state_desc: WORDS[state] };
  if (!payment) return { ...common, amount: { total: order.total, currency: 'CNY' } };
  return {
    ...common, transaction_id: payment.transactionId, trade_type: TRADE_TYPES[order.channel], bank_type: 'OTHERS', success_time: beijing(payment.at), ...(order.attach === undefined ? {} : { attach: order.attach }),
    payer: { openid: payment.openid }, amount: { total: payment.total, payer_total: payment.payerTotal, currency: 'CNY', payer_currency: 'CNY' },
    ...(payment.payerTotal < payment.total ? { promotion_detail: [{ coupon_id: '109519', name: '模拟代金券', scope: 'GLOBAL', type: 'CASH', amount: payment.total - payment.payerTotal, currency: 'CNY' }] } : {}),
  };
}
