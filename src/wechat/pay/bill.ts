import type { Fen } from '../../platform/values/index.js';
import { MalformedAnswer } from './fields.js';

/** A row of the daily trade bill: a payment, or with `refund` a refund. */
export interface BillTrade {
  /** Beijing time, yyyy-MM-dd HH:mm:ss. */
  readonly at: string;
  readonly appId: string;
  readonly merchantId: string;
  readonly transactionId: string;
  readonly outTradeNo: string;
  readonly openid: string;
  readonly tradeType: string;
  readonly state: 'SUCCESS' | 'REFUND' | 'REVOKED';
  readonly currency: string;
  readonly settled: Fen;
  readonly coupon: Fen;
  readonly total: Fen;
  readonly description: string;
  readonly refund?: { readonly refundId: string; readonly outRefundNo: string; readonly amount: Fen; readonly requested: Fen; readonly state: string };
}

export interface TradeBill {
  readonly rows: readonly BillTrade[];
  readonly summary: { readonly trades: number; readonly total: Fen; readonly refunded: Fen };
}

const YUAN = /^(\d{1,12})(?:\.(\d{1,2}))?$/;

/** Yuan with up to two decimals as whole fen, without a double in between. @throws MalformedAnswer */
export function fenOfYuan(text: string): Fen {
  const parts = YUAN.exec(text);
  if (parts === null) throw new MalformedAnswer('bill amount');
  return BigInt(parts[1] ?? '0') * 100n + BigInt((parts[2] ?? '').padEnd(2, '0'));
}

/**
 * Reads a trade bill (reference: 7): a header, rows whose fields begin with a backtick, a second header, one row of
 * sums. Columns are found by their names. The count and sums must be those of the rows.
 * @throws MalformedAnswer
 */
export function parseTradeBill(text: string): TradeBill {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/).filter((line) => line !== '');
  const header = lines[0]?.split(',') ?? [];
  const split = lines.findIndex((line, at) => at > 0 && !line.startsWith('`'));
  if (split < 0 || split !== lines.length - 2) throw new MalformedAnswer('bill');
  const rows = lines.slice(1, split).map((line) => tradeOf(record(header, line)));
  const sums = record((lines[split] ?? '').split(','), lines[split + 1] ?? '');
  const summary = { trades: countOf(sums), total: fenOfYuan(column(sums, '订单总金额')), refunded: fenOfYuan(column(sums, '申请退款总金额')) };
  const payments = rows.filter((row) => row.refund === undefined);
  const total = (of: readonly BillTrade[]): Fen => of.reduce((sum, row) => sum + row.total, 0n);
  const refunded = rows.reduce((sum, row) => sum + (row.refund?.requested ?? 0n), 0n);
  // Whether rows of refunds count as trades, and repeat their order's amount, is written nowhere: both readings are taken.
  const counts = summary.trades === rows.length || summary.trades === payments.length;
  const amounts = (summary.total === total(payments) || summary.total === total(rows)) && summary.refunded === refunded;
  if (!counts || !amounts) throw new MalformedAnswer('bill summary');
  return { rows, summary };
}

type Fields = ReadonlyMap<string, string>;

function record(header: readonly string[], line: string): Fields {
  if (!line.startsWith('`')) throw new MalformedAnswer('bill row');
  const values = line.slice(1).split(',`');
  if (values.length !== header.length) throw new MalformedAnswer('bill row');
  return new Map(header.map((name, at) => [name.trim(), values[at] ?? '']));
}

function column(fields: Fields, name: string): string {
  const value = fields.get(name);
  if (value === undefined) throw new MalformedAnswer(`bill column ${name}`);
  return value;
}

function countOf(sums: Fields): number {
  const text = column(sums, '总交易单数');
  if (!/^\d{1,9}$/.test(text)) throw new MalformedAnswer('bill count');
  return parseInt(text, 10);
}

function tradeOf(fields: Fields): BillTrade {
  const state = column(fields, '交易状态');
  if (state !== 'SUCCESS' && state !== 'REFUND' && state !== 'REVOKED') throw new MalformedAnswer('bill state');
  const outRefundNo = column(fields, '商户退款单号');
  return {
    at: column(fields, '交易时间'), appId: column(fields, '公众账号ID'), merchantId: column(fields, '商户号'), transactionId: column(fields, '微信订单号'), outTradeNo: column(fields, '商户订单号'),
    openid: column(fields, '用户标识'), tradeType: column(fields, '交易类型'), state, currency: column(fields, '货币种类'), settled: fenOfYuan(column(fields, '应结订单金额')),
    coupon: fenOfYuan(column(fields, '代金券金额')), total: fenOfYuan(column(fields, '订单金额')), description: column(fields, '商品名称'),
    ...(state === 'REFUND'
      ? { refund: { refundId: column(fields, '微信退款单号'), outRefundNo, amount: fenOfYuan(column(fields, '退款金额')), requested: fenOfYuan(column(fields, '申请退款金额')), state: column(fields, '退款状态') } }
      : {}),
  };
}
