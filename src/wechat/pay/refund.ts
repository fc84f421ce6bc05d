import type { Fen } from '../../platform/values/index.js';
import { fenOf, objectOf, oneOf, optionalText, optionalTime, textOf } from './fields.js';
import { defined } from './trade.js';

export interface RefundRequest {
  readonly outTradeNo: string;
  /** The idempotency key: the same number refunds once. */
  readonly outRefundNo: string;
  readonly refund: Fen;
  /** The order's whole amount. */
  readonly total: Fen;
  /** The payer reads it; at most 80 characters. */
  readonly reason?: string;
  readonly notifyUrl: string;
}

const STATES = ['PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL'] as const;
export type RefundState = (typeof STATES)[number];

/** A refund (reference: 6), of an answer or of a decrypted notice. */
export interface WechatRefund {
  /** In notices. */
  readonly merchantId?: string;
  readonly outTradeNo: string;
  readonly transactionId?: string;
  readonly outRefundNo: string;
  readonly refundId: string;
  readonly state: RefundState;
  readonly total: Fen;
  readonly refund: Fen;
  readonly currency?: string;
  readonly succeededAt?: Date;
}

/** Answers call the state `status`, notices `refund_status`. @throws MalformedAnswer */
export function refundOf(value: unknown, stateField: 'status' | 'refund_status'): WechatRefund {
  const json = objectOf(value, 'refund');
  const amount = objectOf(json['amount'], 'amount');
  return defined({
    merchantId: optionalText(json, 'mchid'), outTradeNo: textOf(json, 'out_trade_no'), transactionId: optionalText(json, 'transaction_id'), outRefundNo: textOf(json, 'out_refund_no'),
    refundId: textOf(json, 'refund_id'), state: oneOf(json, stateField, STATES), total: fenOf(amount, 'total'), refund: fenOf(amount, 'refund'),
    currency: optionalText(amount, 'currency'), succeededAt: optionalTime(json, 'success_time'),
  });
}
