import type { Fen } from '../../platform/values/index.js';
import { fenOf, objectOf, oneOf, optionalText, optionalTime, textOf } from './fields.js';

const STATES = ['SUCCESS', 'REFUND', 'NOTPAY', 'CLOSED', 'REVOKED', 'USERPAYING', 'PAYERROR'] as const;
export type TradeState = (typeof STATES)[number];

/** A transaction object (reference: 4.4), of a query or of a decrypted notice. */
export interface WechatTrade {
  readonly appId: string;
  readonly merchantId: string;
  readonly outTradeNo: string;
  readonly state: TradeState;
  readonly transactionId?: string;
  /** JSAPI, NATIVE, MWEB… */
  readonly tradeType?: string;
  readonly total?: Fen;
  /** After coupons; may be less than `total`. */
  readonly payerTotal?: Fen;
  readonly currency?: string;
  readonly openid?: string;
  readonly succeededAt?: Date;
}

/** @throws MalformedAnswer */
export function tradeOf(value: unknown): WechatTrade {
  const json = objectOf(value, 'transaction');
  const amount = json['amount'] === undefined ? undefined : objectOf(json['amount'], 'amount');
  const payer = json['payer'] === undefined ? undefined : objectOf(json['payer'], 'payer');
  return defined({
    appId: textOf(json, 'appid'), merchantId: textOf(json, 'mchid'), outTradeNo: textOf(json, 'out_trade_no'), state: oneOf(json, 'trade_state', STATES),
    transactionId: optionalText(json, 'transaction_id'), tradeType: optionalText(json, 'trade_type'), succeededAt: optionalTime(json, 'success_time'),
    total: amount?.['total'] === undefined ? undefined : fenOf(amount, 'total'),
    payerTotal: amount?.['payer_total'] === undefined ? undefined : fenOf(amount, 'payer_total'),
    currency: amount === undefined ? undefined : optionalText(amount, 'currency'),
    openid: payer === undefined ? undefined : optionalText(payer, 'openid'),
  });
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & { [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined. */
export function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Defined<T>;
}
