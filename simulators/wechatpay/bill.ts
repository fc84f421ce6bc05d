import { createHash } from 'node:crypto';
import { PayError } from './pay-error.js';
import { TRADE_TYPES } from './order.js';
import type { Order, Payment } from './order.js';
import type { Refund } from './refunds.js';

export type Tamper = 'missing_row' | 'extra_row' | 'amount' | 'hash';

const HEADER = '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注';
const SUMMARY = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额';
const FEE = 60n;
const DAY_MS = 86_400_000;
const BEIJING_MS = 8 * 3_600_000;
/** A day's bill is there from 10:00 of the next (reference 7). */
const READY_MS = DAY_MS + 10 * 3_600_000;

/** Whether the moment lies on the Beijing day, yyyy-MM-dd. */
export function isOn(day: string, at: number): boolean {
  return new Date(at + BEIJING_MS).toISOString().startsWith(day);
}

/** Throws PayError where there can be no bill of the day yet, or any more. */
export function assertReady(day: string, now: number): void {
  const start = Date.parse(`${day}T00:00:00+08:00`);
  if (!/^\d{4}-\d\d-\d\d$/u.test(day) || Number.isNaN(start)) throw new PayError(400, 'PARAM_ERROR', 'bill_date 应为 yyyy-MM-dd');
  if (start > now || start < now - 92 * DAY_MS) throw new PayError(400, 'INVALID_REQUEST', '账单日期超出范围');
  if (now < start + READY_MS) throw new PayError(400, 'STATEMENT_CREATING', '账单正在生成中，请稍后再试');
}

export interface BillContent {
  readonly payments: readonly { readonly order: Order; readonly payment: Payment }[];
  readonly refunds: readonly { readonly order: Order; readonly refund: Refund }[];
  readonly tamper: Tamper | undefined;
}

/** The file, and the digest that is told beside it. Throws PayError on a day without trades. */
export function tradeBill(content: BillContent): { readonly csv: Buffer; readonly sha1: string } {
  const rows = [...content.payments.map(({ order, payment }) => paymentRow(order, payment, content.tamper === 'amount')), ...content.refunds.map(({ order, refund }) => refundRow(order, refund))];
  const [first] = content.payments;
  if (content.tamper === 'missing_row') rows.shift();
  if (content.tamper === 'extra_row' && first) rows.push(paymentRow({ ...first.order, outTradeNo: `X${first.order.outTradeNo.slice(1)}` }, { ...first.payment, transactionId: `9${first.payment.transactionId.slice(1)}` }, false));
  if (rows.length === 0) throw new PayError(400, 'NO_STATEMENT_EXIST', '当日无交易');
  const sum = (column: number): bigint => rows.reduce((total, row) => total + (row.fen[column] ?? 0n), 0n);
  const totals = [rows.length.toString(), yuan(sum(0)), yuan(sum(1)), '0.00', `${yuan(sum(2))}000`, yuan(sum(3)), yuan(sum(4))];
  const csv = Buffer.from(`\uFEFF${[HEADER, ...rows.map((row) => line(row.fields)), SUMMARY, line(totals)].join('\r\n')}\r\n`);
  const sha1 = content.tamper === 'hash' ? '0'.repeat(40) : createHash('sha1').update(csv).digest('hex');
  return { csv, sha1 };
}

/** fen: settled, refunded, fee, order amount, refund asked for. */
interface Row {
  readonly fields: readonly string[];
  readonly fen: readonly bigint[];
}

function paymentRow(order: Order, payment: Payment, wrong: boolean): Row {
  const total = BigInt(payment.total) + (wrong ? 1n : 0n);
  const fee = (total * FEE) / 10_000n;
  return {
    fields: [...head(order, payment.at, payment.transactionId, payment.openid), 'SUCCESS', 'OTHERS', 'CNY', yuan(total), yuan(total - BigInt(payment.payerTotal) - (wrong ? 1n : 0n)), '0', '0', '0.00', '0.00', '', '', order.description, order.attach ?? '', `${yuan(fee)}000`, '0.60%', yuan(total), '0.00', ''],
    fen: [total, 0n, fee, total, 0n],
  };
}

function refundRow(order: Order, refund: Refund): Row {
  const amount = BigInt(refund.refund);
  return {
    fields: [...head(order, refund.createdAt, refund.transactionId, order.payments[0]?.openid ?? ''), 'REFUND', 'OTHERS', 'CNY', '0.00', '0.00', refund.refundId, refund.outRefundNo, yuan(amount), '0.00', 'ORIGINAL', refund.status, order.description, order.attach ?? '', '0.00000', '0.60%', '0.00', yuan(amount), ''],
    fen: [0n, amount, 0n, 0n, amount],
  };
}

function head(order: Order, at: number, transactionId: string, openid: string): string[] {
  const time = new Date(at + BEIJING_MS).toISOString().slice(0, 19).replace('T', ' ');
  return [time, order.appId, order.merchantId, '0', '', transactionId, order.outTradeNo, openid, TRADE_TYPES[order.channel]];
}

/** Every field of a row begins with a backtick; commas within are what WeChat writes, too. */
function line(fields: readonly string[]): string {
  return fields.map((field) => `\`${field}`).join(',');
}

function yuan(fen: bigint): string {
  return `${fen / 100n}.${(fen % 100n).toString().padStart(2, '0')}`;
}
