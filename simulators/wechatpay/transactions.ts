import { ApiError, NUMBERS } from './api-error.js';
import { checkField, fault } from './fields.js';
import { checkMerchant } from './prepay.js';
import { transactionOf } from './transaction-object.js';
import type { Merchant } from './merchants.js';
import type { PayState } from './pay-state.js';

/** `GET …/out-trade-no/{no}` */
export function queryByNumber(state: PayState, merchant: Merchant, outTradeNo: string, query: URLSearchParams): Record<string, unknown> {
  checkQueryMerchant(merchant, query);
  const order = state.orders.find(merchant.merchant_id, outTradeNo);
  if (!order) throw missing();
  return transactionOf(order, order.payments[0], state.orders.stateOf(order, state.clock.now()));
}

/** `GET …/id/{transaction_id}` */
export function queryById(state: PayState, merchant: Merchant, id: string, query: URLSearchParams): Record<string, unknown> {
  checkQueryMerchant(merchant, query);
  if (!/^\d{1,32}$/u.test(id)) throw new ApiError('INVALID_TRANSACTIONID', '微信支付订单号非法');
  const found = state.orders.byTransaction(id);
  if (!found || found.order.merchant_id !== merchant.merchant_id) throw missing();
  return transactionOf(found.order, found.payment, state.orders.stateOf(found.order, state.clock.now()));
}

/** `POST …/out-trade-no/{no}/close`: repeatable; a paid order cannot be closed. */
export function closeOrder(state: PayState, merchant: Merchant, outTradeNo: string, body: Record<string, unknown>): void {
  checkField({ type: 'object', fields: { mchid: { type: 'string', most: 32 } } }, body);
  checkMerchant(merchant, body['mchid'] as string);
  const order = state.orders.find(merchant.merchant_id, outTradeNo);
  if (!order) throw missing();
  const trade = state.orders.stateOf(order, state.clock.now());
  if (trade === 'SUCCESS' || trade === 'REFUND') throw new ApiError('ORDER_PAID', '订单已支付，不能关闭', { number: NUMBERS.paidAtClose });
  if (trade === 'CLOSED') return;
  order.trade_state = 'CLOSED';
  state.orders.put(order);
}

function checkQueryMerchant(merchant: Merchant, query: URLSearchParams): void {
  const mchid = query.get('mchid');
  if (mchid === null || mchid === '') throw fault('mchid', '', '必填字段缺失', NUMBERS.parameter, 'query');
  checkMerchant(merchant, mchid);
}

function missing(): ApiError {
  return new ApiError('ORDER_NOT_EXIST', '订单不存在', { number: NUMBERS.orderMissing });
}
