import { randomBytes } from 'node:crypto';
import { PayError, invalidRequest, paramError, refundNotExist } from './pay-error.js';
import { beijing, stateOf } from './order.js';
import { fen, notifyUrl, object, onlyFields, optionalText, text } from './fields.js';
import type { Clock } from '../wechat/clock.js';
import type { Body } from './fields.js';
import type { Journal } from './journal.js';
import type { Orders } from './orders.js';

export type RefundStatus = 'PROCESSING' | 'SUCCESS' | 'ABNORMAL' | 'CLOSED';

/** A refund as the journal keeps it. */
export interface Refund {
  readonly merchantId: string;
  readonly outTradeNo: string;
  readonly transactionId: string;
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly refund: number;
  readonly total: number;
  readonly reason: string | undefined;
  readonly notifyUrl: string | undefined;
  readonly status: RefundStatus;
  readonly createdAt: number;
  readonly succeededAt: number | undefined;
}

const FIELDS = ['transaction_id', 'out_trade_no', 'out_refund_no', 'reason', 'notify_url', 'funds_account', 'amount', 'goods_detail'];
const OUT_REFUND_NO = /^[0-9A-Za-z_\-|*@]{1,64}$/u;
const MOST_OF_ORDER = 50;
const LATEST_MS = 365 * 86_400_000;
const MOST = 500_000;

/** Refunds of all merchants (reference 6). */
export class Refunds {
  readonly #byKey = new Map<string, Refund>();
  readonly #clock: Clock;
  readonly #journal: Journal;
  readonly #orders: Orders;

  constructor(clock: Clock, journal: Journal, orders: Orders) {
    this.#clock = clock;
    this.#journal = journal;
    this.#orders = orders;
  }

  /** Takes a refund, or answers the first result of the same number. Throws PayError. */
  request(merchantId: string, body: Body, refused: boolean): { readonly refund: Refund; readonly isNew: boolean } {
    onlyFields(body, FIELDS);
    const outRefundNo = text(body, 'out_refund_no', 64);
    if (!OUT_REFUND_NO.test(outRefundNo)) throw paramError('out_refund_no', '格式错误', outRefundNo);
    const amount = object(body, 'amount');
    onlyFields(amount, ['refund', 'total', 'currency', 'from'], 'amount.');
    const [refund, total] = [fen(amount, 'refund', 'amount.'), fen(amount, 'total', 'amount.')];
    if (amount['currency'] !== 'CNY') throw paramError('amount.currency', '仅支持 CNY', amount['currency']);
    const order = this.#order(merchantId, body);
    const payment = order?.payments[0];
    if (!order || !payment) throw refundNotExist();
    const known = this.find(merchantId, outRefundNo);
    if (known && (known.outTradeNo !== order.outTradeNo || known.refund !== refund || known.total !== total)) throw invalidRequest('请求重入时，参数与首次请求时不一致', 268498688);
    if (known) return { refund: known, isNew: false };
    if (total !== payment.total) throw invalidRequest('订单金额与原订单不一致', 268435464);
    const before = this.ofOrder(merchantId, order.outTradeNo).filter((each) => each.status !== 'CLOSED');
    if (before.reduce((sum, each) => sum + each.refund, 0) + refund > payment.total) throw invalidRequest('退款金额大于可退金额', 268435464);
    if (before.length >= MOST_OF_ORDER) throw invalidRequest('退款次数超过限制', 268435464);
    if (this.#clock.now() > payment.at + LATEST_MS) throw invalidRequest('订单已超过退款期限', 268447914);
    if (refused) throw new PayError(403, 'NOT_ENOUGH', '基本账户余额不足，请充值后重新发起', 268443715);
    if (this.#byKey.size >= MOST) throw new PayError(507, 'SYSTEM_ERROR', 'The simulator holds too many refunds.');
    this.#orders.put({ ...order, refundStarted: true });
    const made = this.put({
      merchantId, outTradeNo: order.outTradeNo, transactionId: payment.transactionId, outRefundNo, refundId: `503${Date.now()}${randomBytes(6).readUIntBE(0, 6).toString().padStart(15, '0')}`, refund, total,
      reason: optionalText(body, 'reason', 80), notifyUrl: body['notify_url'] === undefined ? undefined : notifyUrl(body), status: 'PROCESSING', createdAt: this.#clock.now(), succeededAt: undefined,
    });
    return { refund: made, isNew: true };
  }

  #order(merchantId: string, body: Body): ReturnType<Orders['find']> {
    const outTradeNo = optionalText(body, 'out_trade_no', 32);
    const transactionId = optionalText(body, 'transaction_id', 32);
    if ((outTradeNo === undefined) === (transactionId === undefined)) throw paramError('out_trade_no', '与 transaction_id 二选一');
    const order = outTradeNo === undefined ? this.#orders.byTransactionId(merchantId, transactionId ?? '') : this.#orders.find(merchantId, outTradeNo);
    return order && stateOf(order, this.#clock.now()) !== 'NOTPAY' ? order : undefined;
  }

  find(merchantId: string, outRefundNo: string): Refund | undefined {
    return this.#byKey.get(`${merchantId}:${outRefundNo}`);
  }

  findAny(outRefundNo: string): Refund | undefined {
    return this.all().find((refund) => refund.outRefundNo === outRefundNo);
  }

  ofOrder(merchantId: string, outTradeNo: string): Refund[] {
    return this.ofMerchant(merchantId).filter((refund) => refund.outTradeNo === outTradeNo);
  }

  ofMerchant(merchantId: string): Refund[] {
    return this.all().filter((refund) => refund.merchantId === merchantId);
  }

  all(): Refund[] {
    return [...this.#byKey.values()];
  }

  /** Ends it, or moves it on. */
  move(refund: Refund, status: RefundStatus): Refund {
    return this.put({ ...refund, status, succeededAt: status === 'SUCCESS' ? this.#clock.now() : refund.succeededAt });
  }

  put(refund: Refund): Refund {
    this.#journal.write({ kind: 'refund', value: refund });
    return this.restore(refund);
  }

  restore(refund: Refund): Refund {
    this.#byKey.set(`${refund.merchantId}:${refund.outRefundNo}`, refund);
    return refund;
  }
}

/** The refund object of answers; letters call the state `refund_status` and name the merchant. */
export function refundObject(refund: Refund, where: 'answer' | 'letter'): Record<string, unknown> {
  const amount = { total: refund.total, refund: refund.refund, payer_total: refund.total, payer_refund: refund.refund };
  const common = {
    out_trade_no: refund.outTradeNo, transaction_id: refund.transactionId, out_refund_no: refund.outRefundNo, refund_id: refund.refundId, user_received_account: '支付用户零钱',
    ...(refund.succeededAt === undefined ? {} : { success_time: beijing(refund.succeededAt) }),
  };
  if (where === 'letter') return { mchid: refund.merchantId, ...common, refund_status: refund.status, amount };
  return {
    ...common, channel: 'ORIGINAL', create_time: beijing(refund.createdAt), status: refund.status, funds_account: 'AVAILABLE',
    amount: { ...amount, from: [], settlement_refund: refund.refund, settlement_total: refund.total, discount_refund: 0, currency: 'CNY' }, promotion_detail: [],
  };
}
