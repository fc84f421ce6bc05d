import { beijingTime } from './clock.js';
import type { Order, Payment, TradeState } from './orders.js';

const DESCRIPTIONS: Record<TradeState, string> = {
  NOTPAY: '订单未支付',
  SUCCESS: '支付成功',
  REFUND: '订单发生过退款，退款详情请查询退款单',
  CLOSED: '订单已关闭',
};

/** The transaction object of queries and notifications; without a payment that of an unpaid order. */
export function transactionOf(order: Order, payment: Payment | undefined, trade: TradeState): Record<string, unknown> {
  const coupon = payment ? payment.total - payment.payer_total : 0;
  return {
    mchid: order.merchant_id,
    appid: order.app_id,
    out_trade_no: order.out_trade_no,
    ...(payment ? { transaction_id: payment.transaction_id } : {}),
    trade_type: order.trade_type,
    trade_state: trade,
    trade_state_desc: DESCRIPTIONS[trade],
    ...(payment
      ? {
          bank_type: 'OTHERS',
          ...(order.attach === undefined ? {} : { attach: order.attach }),
          success_time: beijingTime(payment.success_time),
          payer: { openid: payment.openid },
        }
      : {}),
    amount: { total: order.total, ...(payment ? { payer_total: payment.payer_total } : {}), currency: 'CNY', ...(payment ? { payer_currency: 'CNY' } : {}) },
    ...(order.device_id === undefined ? {} : { scene_info: { device_id: order.device_id } }),
    ...(payment && coupon > 0 ? { promotion_detail: [promotion(payment, coupon)] } : {}),
  };
}

function promotion({ transaction_id: id }: Payment, amount: number): Record<string, unknown> {
  return {
    coupon_id: id.slice(-12),
    name: '模拟代金券',
    scope: 'GLOBAL',
    type: 'CASH',
    amount,
    stock_id: '10000001',
    wechatpay_contribute: amount,
    merchant_contribute: 0,
    other_contribute: 0,
    currency: 'CNY',
  };
}
