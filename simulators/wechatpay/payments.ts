import { createHash } from 'node:crypto';
import { ControlError } from './api-error.js';
import { MOST_PAYMENTS } from './orders.js';
import { PREPAY_MS, isExpired } from './prepay.js';
import { paymentNotice } from './notice.js';
import type { Order, Payment } from './orders.js';
import type { PayState } from './pay-state.js';

/** What a payer does. */
export interface PayWish {
  readonly outcome: 'success' | 'fail' | 'cancel';
  /** Milliseconds; now unless told. */
  readonly at?: number | undefined;
  readonly openid?: string | undefined;
  /** What the payer gives after the coupon, fen; the rest is the coupon. */
  readonly payerTotal?: number | undefined;
  readonly notify: boolean;
  /** Pay although closed, expired or paid already. */
  readonly force: boolean;
}

/** Why this order cannot be paid now, for the person in front of it; undefined = it can. */
export function obstacle(state: PayState, order: Order): string | undefined {
  const now = state.clock.now();
  const trade = state.orders.stateOf(order, now);
  if (trade === 'CLOSED') return 'The order is closed.';
  if (trade !== 'NOTPAY') return 'The order is paid already.';
  if (isExpired(order, now)) return 'The order is past its time_expire.';
  return now - order.prepay_at >= PREPAY_MS ? 'The prepay id is older than two hours.' : undefined;
}

/** Plays the payer. A failed or cancelled attempt leaves the order unpaid. Throws {@link ControlError} 409. */
export function pay(state: PayState, order: Order, wish: PayWish): { readonly trade_state: string; readonly transaction_id?: string } {
  if (order.openid !== undefined && wish.openid !== undefined && wish.openid !== order.openid) throw new ControlError(409, 'Only the openid that ordered can pay.');
  const why = obstacle(state, order);
  if (why !== undefined && !wish.force) throw new ControlError(409, why);
  if (wish.outcome !== 'success') return { trade_state: order.trade_state };
  if (order.payments.length >= MOST_PAYMENTS) throw new ControlError(507, 'Too many payments of one order.');
  const payerTotal = wish.payerTotal ?? order.total;
  if (payerTotal < 0 || payerTotal > order.total) throw new ControlError(400, 'A payer gives between 0 and the total.');
  const made = newPayment(state, order, wish.openid, payerTotal);
  const payment = wish.at === undefined ? made : { ...made, success_time: wish.at };
  order.payments.push(payment);
  if (order.trade_state !== 'REFUND') order.trade_state = 'SUCCESS';
  state.orders.put(order);
  state.merchants.move(order.merchant_id, payment.total);
  if (wish.notify) state.announce(paymentNotice(order, payment));
  return { trade_state: order.trade_state, transaction_id: payment.transaction_id };
}

/** A payment that is not booked yet. */
export function newPayment(state: PayState, order: Order, openid: string | undefined, payerTotal: number): Payment {
  const now = state.clock.now();
  return { transaction_id: state.serials.transaction(now), openid: order.openid ?? openid ?? strangerOf(order.app_id), total: order.total, payer_total: payerTotal, success_time: now };
}

/** Whoever scans a code without saying who. */
function strangerOf(appId: string): string {
  return `o${createHash('sha256').update(`payer of ${appId}`).digest('base64url').slice(0, 27)}`;
}
