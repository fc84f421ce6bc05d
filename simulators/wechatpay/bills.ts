import { createHash } from 'node:crypto';
import { ApiError } from './api-error.js';
import { BILL_TYPES, billFile, paymentRow, refundRow } from './bill-file.js';
import { DAY_MS, beijingDay, startOfBeijingDay } from './clock.js';
import { fault } from './fields.js';
import { paymentOf } from './refund-rules.js';
import type { BillRow, BillType } from './bill-file.js';
import type { Merchant } from './merchants.js';
import type { Order } from './orders.js';
import type { PayState } from './pay-state.js';
import type { Tampering } from './bill-downloads.js';

/** A day's bill is there from ten o'clock of the next day, and for three months. */
const READY_MS = DAY_MS + 10 * 3_600_000;
const KEPT_MS = 92 * DAY_MS;
const TOKEN_MS = 5 * 60_000;

/** `GET /v3/bill/tradebill`: where the bill is and its SHA-1 before compression. Throws {@link ApiError}. */
export function offerBill(state: PayState, merchant: Merchant, query: URLSearchParams): Record<string, unknown> {
  const now = state.clock.now();
  const day = query.get('bill_date') ?? '';
  const start = startOfBeijingDay(day);
  if (start === undefined) throw fault('bill_date', day, '格式应为yyyy-MM-dd', undefined, 'query');
  const type = BILL_TYPES.find((known) => known === (query.get('bill_type') ?? 'ALL'));
  if (type === undefined) throw fault('bill_type', query.get('bill_type'), `应为 ${BILL_TYPES.join('、')} 之一`, undefined, 'query');
  const packing = query.get('tar_type');
  if (packing !== null && packing !== 'GZIP') throw fault('tar_type', packing, '应为 GZIP', undefined, 'query');
  if (start > now) throw fault('bill_date', day, '不能晚于今天', undefined, 'query');
  if (now - start > KEPT_MS) throw new ApiError('INVALID_REQUEST', '只能下载三个月内的账单');
  if (now < start + READY_MS) throw new ApiError('STATEMENT_CREATING', '账单生成中，请在次日10点后再下载');
  const tampering = state.bills.tamperingOf(day);
  const rows = rowsOf(state, merchant.merchant_id, day, type, tampering);
  if (rows.length === 0) throw new ApiError('NO_STATEMENT_EXIST', '账单文件不存在，当天没有交易');
  state.bills.forgetTampering(day);
  const hash = createHash('sha1').update(billFile(type, rows)).digest('hex');
  const token = state.bills.offer({ merchantId: merchant.merchant_id, day, type, gzip: packing === 'GZIP', tampering, until: now + TOKEN_MS });
  return {
    hash_type: 'SHA1',
    hash_value: tampering === 'hash' ? createHash('sha1').update(hash).digest('hex') : hash,
    download_url: `${state.publicUrl()}/v3/billdownload/file?token=${token}`,
  };
}

/** `GET /v3/billdownload/file?token=…`: good for five minutes, for the merchant that asked. Throws {@link ApiError}. */
export function downloadBill(state: PayState, merchant: Merchant, query: URLSearchParams): { readonly file: Buffer; readonly gzip: boolean } {
  const download = state.bills.take(query.get('token') ?? '');
  if (!download || download.merchantId !== merchant.merchant_id) throw new ApiError('INVALID_REQUEST', '账单下载地址无效');
  if (state.clock.now() >= download.until) throw new ApiError('INVALID_REQUEST', '账单下载地址已过期');
  return { file: billFile(download.type, rowsOf(state, merchant.merchant_id, download.day, download.type, download.tampering)), gzip: download.gzip };
}

/** The movements of a merchant's day in the order of time. */
function rowsOf(state: PayState, merchantId: string, day: string, type: BillType, tampering: Tampering | undefined): BillRow[] {
  const isOf = (at: number): boolean => beijingDay(at) === day;
  const rows: BillRow[] = [];
  if (type !== 'REFUND') {
    for (const order of state.orders.all()) {
      if (order.merchant_id === merchantId) for (const payment of order.payments) if (isOf(payment.success_time)) rows.push(paymentRow(order, payment));
    }
  }
  if (type !== 'SUCCESS') {
    for (const refund of state.refunds.all()) {
      if (refund.merchant_id !== merchantId || !isOf(refund.created_at)) continue;
      rows.push(refundRow(state.orders.find(merchantId, refund.out_trade_no) as Order, paymentOf(state, refund), refund));
    }
  }
  return spoil(rows.sort((one, other) => one.at - other.at), merchantId, day, tampering);
}

function spoil(rows: BillRow[], merchantId: string, day: string, tampering: Tampering | undefined): BillRow[] {
  const first = rows[0];
  switch (tampering) {
    case 'missing_row':
      return rows.slice(1);
    case 'amount':
      return first ? [{ ...first, ...(first.total > 0 ? { total: first.total + 1 } : { refund: first.refund + 1 }) }, ...rows.slice(1)] : rows;
    case 'extra_row': {
      const texts = { ...first?.texts, 商户号: merchantId, 微信订单号: `4200002618${day.replaceAll('-', '')}9999999999`, 商户订单号: `EXTRA${day.replaceAll('-', '')}`, 交易状态: 'SUCCESS', 费率: '0.60%' };
      return [...rows, { at: (startOfBeijingDay(day) as number) + DAY_MS - 1_000, texts, total: 1990, coupon: 0, refund: 0, couponRefund: 0, fee: 12 }];
    }
    default:
      return rows;
  }
}
