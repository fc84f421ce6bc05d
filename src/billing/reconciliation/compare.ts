import { integerJson, type Fen } from '../../platform/values/index.js';
import type { BillTrade, TradeBill } from '../../wechat/index.js';
import type { Order } from '../orders/order.js';
import type { FindingDraft } from '../payments/finding.js';
import type { Refund } from '../refunds/refund.js';

/** What a day's comparison found. */
export interface Comparison {
  readonly matched: number;
  readonly findings: readonly FindingDraft[];
  readonly totals: { readonly paid: Fen; readonly refunded: Fen; readonly billPaid: Fen; readonly billRefunded: Fen };
}

/** What stands here for the day: orders by WeChat's time of payment, refunds by the time of the request. */
export interface OwnDay {
  /** A Beijing day, yyyy-MM-dd. */
  readonly day: string;
  readonly paid: readonly Order[];
  /** Orders that the bill names and that are not among `paid`: open, closed, or paid on another day. By out_trade_no. */
  readonly others: ReadonlyMap<string, Order>;
  readonly refunds: readonly (Refund & { readonly outTradeNo: string })[];
  /** Refunds that the bill names and that were asked for on another day. By out_refund_no. */
  readonly otherRefunds: ReadonlyMap<string, Refund>;
}

/** Compares WeChat's bill of a day with ours, row by row, in both directions. */
export function compareDay(bill: TradeBill | undefined, own: OwnDay): Comparison {
  const rows = bill?.rows ?? [];
  const payments = rows.filter((row) => row.state === 'SUCCESS');
  const refunds = rows.filter((row) => row.refund !== undefined);
  const found = [...comparePayments(payments, own), ...compareRefunds(refunds, own)];
  const findings = found.flatMap((each) => (each === 'matched' ? [] : [each]));
  return {
    matched: found.length - findings.length,
    findings,
    totals: {
      paid: sum(own.paid.map((order) => order.total)),
      refunded: sum(own.refunds.filter((refund) => refund.state !== 'failed' && refund.wechatRefundId !== undefined).map((refund) => refund.amount)),
      billPaid: sum(payments.map((row) => row.total)),
      billRefunded: sum(refunds.map((row) => row.refund?.requested ?? 0n)),
    },
  };
}

type Found = 'matched' | FindingDraft;

function comparePayments(rows: readonly BillTrade[], own: OwnDay): readonly Found[] {
  const paid = new Map(own.paid.map((order) => [order.outTradeNo, order]));
  const seen = new Set(rows.map((row) => row.outTradeNo));
  const onBill = rows.map((row): Found => {
    const order = paid.get(row.outTradeNo) ?? own.others.get(row.outTradeNo);
    const common = { key: `${own.day}:${row.transactionId}`, billDay: own.day, orderId: order?.id, outTradeNo: row.outTradeNo, transactionId: row.transactionId, details: { ...rowDetails(row), here: order?.state ?? null, here_total_fen: order === undefined ? null : integerJson(order.total) } };
    if (order?.paidAt === undefined || order.transactionId !== row.transactionId) return { kind: 'bill_missing_here', ...common };
    return order.total === row.total ? 'matched' : { kind: 'bill_amount_differs', ...common };
  });
  const notOnBill = own.paid.filter((order) => !seen.has(order.outTradeNo)).map((order): Found => ({
    kind: 'bill_missing_there', key: `${own.day}:${order.id}`, billDay: own.day, orderId: order.id, outTradeNo: order.outTradeNo, transactionId: order.transactionId,
    details: { total_fen: integerJson(order.total), paid_at: order.paidAt?.toISOString() ?? null },
  }));
  return [...onBill, ...notOnBill];
}

function compareRefunds(rows: readonly BillTrade[], own: OwnDay): readonly Found[] {
  const asked = new Map(own.refunds.map((refund) => [refund.outRefundNo, refund]));
  const seen = new Set(rows.map((row) => row.refund?.outRefundNo ?? ''));
  const onBill = rows.map((row): Found => {
    const number = row.refund?.outRefundNo ?? '';
    const refund = asked.get(number) ?? own.otherRefunds.get(number);
    if (refund !== undefined && refund.state !== 'failed' && refund.amount === row.refund?.requested) return 'matched';
    return {
      kind: 'bill_refund_differs', key: `${own.day}:${row.refund?.refundId ?? number}`, billDay: own.day, refundId: refund?.id, orderId: refund?.orderId, outTradeNo: row.outTradeNo, transactionId: row.transactionId,
      details: { ...rowDetails(row), here: refund?.state ?? null, here_refund_fen: refund === undefined ? null : integerJson(refund.amount) },
    };
  });
  const notOnBill = own.refunds.filter((refund) => refund.state === 'succeeded' && !seen.has(refund.outRefundNo)).map((refund): Found => ({
    kind: 'bill_refund_missing_there', key: `${own.day}:${refund.id}`, billDay: own.day, refundId: refund.id, orderId: refund.orderId, outTradeNo: refund.outTradeNo,
    details: { out_refund_no: refund.outRefundNo, refund_fen: integerJson(refund.amount) },
  }));
  return [...onBill, ...notOnBill];
}

function rowDetails(row: BillTrade): Readonly<Record<string, unknown>> {
  return {
    at: row.at, trade_state: row.state, total_fen: integerJson(row.total),
    ...(row.refund === undefined ? {} : { out_refund_no: row.refund.outRefundNo, refund_id: row.refund.refundId, refund_fen: integerJson(row.refund.requested), refund_state: row.refund.state }),
  };
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
