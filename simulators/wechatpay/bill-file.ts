import { FEE_RATE, feeOf } from './fee.js';
import { beijingDay, beijingPlain } from './clock.js';
import type { Order, Payment } from './orders.js';
import type { Refund } from './refunds.js';

export const BILL_TYPES = ['ALL', 'SUCCESS', 'REFUND'] as const;
export type BillType = (typeof BILL_TYPES)[number];

const REFUND_TIMES = ['退款申请时间', '退款成功时间'];
const REFUND_COLUMNS = ['微信退款单号', '商户退款单号', '退款金额', '充值券退款金额', '退款类型', '退款状态'];
const ASKED = '申请退款金额';

const ALL_COLUMNS = [
  '交易时间', '公众账号ID', '商户号', '特约商户号', '设备号', '微信订单号', '商户订单号', '用户标识', '交易类型', '交易状态', '付款银行', '货币种类', '应结订单金额', '代金券金额',
  ...REFUND_COLUMNS, '商品名称', '商户数据包', '手续费', '费率', '订单金额', ASKED, '费率备注',
];

const COLUMNS: Record<BillType, readonly string[]> = {
  ALL: ALL_COLUMNS,
  SUCCESS: ALL_COLUMNS.filter((column) => column !== ASKED && !REFUND_COLUMNS.includes(column)),
  REFUND: ALL_COLUMNS.flatMap((column) => (column === REFUND_COLUMNS[0] ? [...REFUND_TIMES, column] : [column])),
};

const SUMMARY = ['总交易单数', '应结订单总金额', '退款总金额', '充值券退款总金额', '手续费总金额', '订单总金额', '申请退款总金额'];

/** A movement of a day; amounts in fen. */
export interface BillRow {
  readonly at: number;
  readonly texts: Readonly<Record<string, string>>;
  readonly total: number;
  readonly coupon: number;
  readonly refund: number;
  readonly couponRefund: number;
  /** Negative where it comes back. */
  readonly fee: number;
}

/** The row of a payment. It stays as it is when the payment is refunded later: the refund has a row of its own. */
export function paymentRow(order: Order, payment: Payment): BillRow {
  return {
    at: payment.success_time,
    texts: { ...textsOf(order, payment), 交易状态: 'SUCCESS', 微信退款单号: '0', 商户退款单号: '0' },
    total: payment.total,
    coupon: payment.total - payment.payer_total,
    refund: 0,
    couponRefund: 0,
    fee: feeOf(payment.total),
  };
}

/** The row of a refund, on the day when it was accepted; what happens to it on later days changes nothing. */
export function refundRow(order: Order, payment: Payment, refund: Refund): BillRow {
  return {
    at: refund.created_at,
    texts: {
      ...textsOf(order, payment),
      交易状态: 'REFUND',
      退款申请时间: beijingPlain(refund.created_at),
      退款成功时间: refund.success_time !== undefined && beijingDay(refund.success_time) === beijingDay(refund.created_at) ? beijingPlain(refund.success_time) : '',
      微信退款单号: refund.refund_id,
      商户退款单号: refund.out_refund_no,
      退款类型: 'ORIGINAL',
      退款状态: 'PROCESSING',
    },
    total: 0,
    coupon: 0,
    refund: refund.refund,
    couponRefund: refund.refund - refund.payer_refund,
    fee: -refund.fee,
  };
}

function textsOf(order: Order, payment: Payment): Record<string, string> {
  return {
    公众账号ID: order.app_id,
    商户号: order.merchant_id,
    特约商户号: '0',
    设备号: order.device_id ?? '',
    微信订单号: payment.transaction_id,
    商户订单号: order.out_trade_no,
    用户标识: payment.openid,
    交易类型: order.trade_type,
    付款银行: 'OTHERS',
    货币种类: 'CNY',
    商品名称: order.description,
    商户数据包: order.attach ?? '',
    费率: FEE_RATE,
  };
}

/** The bill as a file: BOM, CRLF, a backtick before every value but none before the headings. */
export function billFile(type: BillType, rows: readonly BillRow[]): Buffer {
  const sum = (field: 'total' | 'refund' | 'couponRefund' | 'fee'): number => rows.reduce((total, row) => total + row[field], 0);
  const totals = [String(rows.length), yuan(sum('total')), yuan(sum('refund')), yuan(sum('couponRefund')), yuan(sum('fee'), 5), yuan(sum('total')), yuan(sum('refund'))];
  const lines = [COLUMNS[type].join(','), ...rows.map((row) => values(COLUMNS[type].map((column) => cell(row, column)))), SUMMARY.join(','), values(totals)];
  return Buffer.from(`\uFEFF${lines.join('\r\n')}\r\n`);
}

function cell(row: BillRow, column: string): string {
  switch (column) {
    case '交易时间':
      return beijingPlain(row.at);
    case '应结订单金额':
    case '订单金额':
      return yuan(row.total);
    case '代金券金额':
      return yuan(row.coupon);
    case '退款金额':
    case ASKED:
      return yuan(row.refund);
    case '充值券退款金额':
      return yuan(row.couponRefund);
    case '手续费':
      return yuan(row.fee, 5);
    default:
      // A line break in a description would make two rows of one.
      return (row.texts[column] ?? '').replace(/[\r\n]+/gu, ' ');
  }
}

function values(cells: readonly string[]): string {
  return cells.map((value) => `\`${value}`).join(',');
}

/** Fen as yuan with so many decimals. */
export function yuan(fen: number, decimals = 2): string {
  const digits = Math.abs(fen).toString().padStart(3, '0');
  return `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2).padEnd(decimals, '0')}`;
}
