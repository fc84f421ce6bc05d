import { ApiError, ControlError, NUMBERS } from './api-error.js';
import { DAY_MS } from './clock.js';
import { MOST_FEN, checkField } from './fields.js';
import { checkNotifyUrl } from './prepay-fields.js';
import { feeOf } from './fee.js';
import { fingerprintOf } from './prepay.js';
import { refundNotice, refundObject } from './refund-object.js';
import type { Merchant } from './merchants.js';
import type { Order, Payment } from './orders.js';
import type { PayState } from './pay-state.js';
import type { Refund, RefundState } from './refunds.js';
import type { Rule } from './fields.js';

/** One payment can be refunded in so many parts. */
const MOST_PARTS = 50;
const REFUNDABLE_MS = 365 * DAY_MS;

const fen = (least: number): Rule => ({ type: 'integer', least, most: MOST_FEN });

const FIELDS: Rule = {
  type: 'object',
  fields: {
    transaction_id: { type: 'string', most: 32, optional: true },
    out_trade_no: { type: 'string', most: 32, optional: true },
    out_refund_no: { type: 'string', most: 64, pattern: /^[\w\-|*@]+$/u },
    reason: { type: 'string', most: 80, optional: true },
    notify_url: { type: 'string', most: 256, optional: true },
    funds_account: { type: 'string', most: 32, oneOf: ['AVAILABLE'], optional: true },
    amount: {
      type: 'object',
      fields: {
        refund: fen(1),
        total: fen(1),
        currency: { type: 'string', most: 16, oneOf: ['CNY'] },
        from: {
          type: 'list',
          most: 2,
          optional: true,
          of: { type: 'object', fields: { account: { type: 'string', most: 32, oneOf: ['AVAILABLE', 'UNAVAILABLE'] }, amount: fen(1) } },
        },
      },
    },
    goods_detail: {
      type: 'list',
      most: 1000,
      optional: true,
      of: {
        type: 'object',
        fields: {
          merchant_goods_id: { type: 'string', most: 32 },
          wechatpay_goods_id: { type: 'string', most: 32, optional: true },
          goods_name: { type: 'string', most: 256, optional: true },
          unit_price: fen(0),
          refund_amount: fen(1),
          refund_quantity: { type: 'integer', least: 1, most: MOST_FEN },
        },
      },
    },
  },
};

interface RefundBody {
  readonly transaction_id?: string;
  readonly out_trade_no?: string;
  readonly out_refund_no: string;
  readonly notify_url?: string;
  readonly amount: { readonly refund: number; readonly total: number };
}

/** `POST /v3/refund/domestic/refunds`: one number refunds once, however often it is posted. Throws {@link ApiError}. */
export function requestRefund(state: PayState, merchant: Merchant, json: Record<string, unknown>): Record<string, unknown> {
  checkField(FIELDS, json);
  const body = json as unknown as RefundBody;
  if ((body.transaction_id === undefined) === (body.out_trade_no === undefined)) throw new ApiError('PARAM_ERROR', '微信支付订单号和商户订单号必须二选一');
  if (body.notify_url !== undefined) checkNotifyUrl(body.notify_url);
  const fingerprint = fingerprintOf(json);
  const known = state.refunds.find(merchant.merchant_id, body.out_refund_no);
  if (known) {
    if (known.fingerprint !== fingerprint) throw new ApiError('INVALID_REQUEST', '请求重入时，参数与首次请求时不一致', { number: NUMBERS.reentry });
    return refundObject(known, paymentOf(state, known));
  }
  const { order, payment } = findPayment(state, merchant, body);
  checkAmounts(state, payment, body);
  if (state.refundPlan.isShort || (state.merchants.balanceOf(merchant.merchant_id) ?? MOST_FEN) < body.amount.refund) throw new ApiError('NOT_ENOUGH', '基本账户余额不足，请充值后重新发起');
  if (state.refunds.isFull) throw new ApiError('SIMULATOR_FULL', '模拟器的退款单已满');
  const refund = newRefund(state, order, payment, body, fingerprint);
  state.refunds.put(refund);
  if (order.trade_state !== 'REFUND') {
    order.trade_state = 'REFUND';
    state.orders.put(order);
  }
  state.merchants.move(order.merchant_id, -refund.refund);
  const answer = refundObject(refund, payment);
  awaitRefund(state, refund);
  return answer;
}

/** `GET /v3/refund/domestic/refunds/{out_refund_no}` */
export function queryRefund(state: PayState, merchant: Merchant, outRefundNo: string): Record<string, unknown> {
  const refund = state.refunds.find(merchant.merchant_id, outRefundNo);
  if (!refund) throw new ApiError('RESOURCE_NOT_EXISTS', '退款单不存在', { number: NUMBERS.orderMissing });
  return refundObject(refund, paymentOf(state, refund));
}

/** Lets time do what was planned for the refund, if anything was; also after a restart. */
export function awaitRefund(state: PayState, refund: Refund): void {
  const { next } = refund;
  if (next) state.later(Math.max(0, next.at - Date.now()), () => (refund.next === next ? moveRefund(state, refund, next.status) : undefined));
}

/** Moves a refund to a state and tells the merchant. Throws {@link ControlError} where it cannot go there. */
export function moveRefund(state: PayState, refund: Refund, status: RefundState, isLoud = true): void {
  if (refund.status === 'SUCCESS' || refund.status === 'CLOSED') throw new ControlError(409, `The refund is ${refund.status}; that is final.`);
  if (status === 'PROCESSING') throw new ControlError(409, 'A refund does not go back.');
  refund.status = status;
  delete refund.next;
  if (status === 'SUCCESS') refund.success_time = state.clock.now();
  state.refunds.put(refund);
  if (status === 'CLOSED') state.merchants.move(refund.merchant_id, refund.refund);
  if (isLoud) state.announce(refundNotice(refund, paymentOf(state, refund)));
}

export function paymentOf(state: PayState, refund: Refund): Payment {
  return state.orders.byTransaction(refund.transaction_id)?.payment as Payment;
}

function findPayment(state: PayState, merchant: Merchant, body: RefundBody): { readonly order: Order; readonly payment: Payment } {
  const order = body.out_trade_no === undefined ? undefined : state.orders.find(merchant.merchant_id, body.out_trade_no);
  const payment = order?.payments[0];
  const found = body.transaction_id === undefined ? order && payment && { order, payment } : state.orders.byTransaction(body.transaction_id);
  if (!found || found.order.merchant_id !== merchant.merchant_id) throw new ApiError('RESOURCE_NOT_EXISTS', '订单不存在或未支付', { number: NUMBERS.orderMissing });
  return found;
}

function checkAmounts(state: PayState, payment: Payment, { amount }: RefundBody): void {
  if (amount.total !== payment.total) throw new ApiError('INVALID_REQUEST', '订单金额或退款金额与之前请求不一致，请核实后再试');
  const parts = state.refunds.ofTransaction(payment.transaction_id).filter(({ status }) => status !== 'CLOSED');
  if (parts.length >= MOST_PARTS) throw new ApiError('INVALID_REQUEST', `部分退款次数超过${MOST_PARTS}次`);
  const refunded = parts.reduce((sum, part) => sum + part.refund, 0);
  if (refunded + amount.refund > payment.total) throw new ApiError('INVALID_REQUEST', '申请退款金额超过订单可退金额');
  if (state.clock.now() - payment.success_time > REFUNDABLE_MS) throw new ApiError('INVALID_REQUEST', '订单已超过可退款期限');
}

function newRefund(state: PayState, order: Order, payment: Payment, body: RefundBody, fingerprint: string): Refund {
  const now = state.clock.now();
  const before = state.refunds.ofTransaction(payment.transaction_id).filter(({ status }) => status !== 'CLOSED').reduce((sum, part) => sum + part.refund, 0);
  // Shares are differences of rounded sums, so that the parts of a whole refund add up to the whole.
  const share = (whole: number): number => Math.floor(((before + body.amount.refund) * whole) / payment.total) - Math.floor((before * whole) / payment.total);
  const { next: status, delayMs } = state.refundPlan;
  return {
    merchant_id: order.merchant_id,
    refund_id: state.serials.refund(now),
    out_refund_no: body.out_refund_no,
    transaction_id: payment.transaction_id,
    out_trade_no: order.out_trade_no,
    refund: body.amount.refund,
    payer_refund: share(payment.payer_total),
    fee: share(feeOf(payment.total)),
    fingerprint,
    notify_url: body.notify_url ?? order.notify_url,
    created_at: now,
    status: 'PROCESSING',
    ...(status === undefined ? {} : { next: { status, at: Date.now() + delayMs } }),
  };
}
