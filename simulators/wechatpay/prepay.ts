import { createHash, randomBytes } from 'node:crypto';
import { ApiError, NUMBERS } from './api-error.js';
import { DAY_MS, parseTime } from './clock.js';
import { PREPAY_FIELDS, checkClientIp, checkNotifyUrl } from './prepay-fields.js';
import { checkField, fault } from './fields.js';
import { isObject } from '../http/json-object.js';
import { newPrepayId } from './orders.js';
import type { Merchant } from './merchants.js';
import type { Order, TradeType } from './orders.js';
import type { PayState } from './pay-state.js';
import type { PrepayBody, Product } from './prepay-fields.js';

/** A prepay id lives two hours, whatever `time_expire` says. */
export const PREPAY_MS = 2 * 3_600_000;
const LEAST_EXPIRE_MS = 60_000;
const MOST_EXPIRE_MS = 90 * DAY_MS;

const TRADE_TYPES: Record<Product, TradeType> = { jsapi: 'JSAPI', native: 'NATIVE', h5: 'MWEB' };

/**
 * `POST /v3/pay/transactions/{product}`: files an order, or answers the one that is already there
 * when the parameters are the same. Throws {@link ApiError}.
 */
export function placeOrder(state: PayState, merchant: Merchant, product: Product, json: Record<string, unknown>): Record<string, string> {
  checkField(PREPAY_FIELDS[product], json);
  const body = json as unknown as PrepayBody;
  checkMerchant(merchant, body.mchid);
  if (!merchant.app_ids.includes(body.appid)) throw new ApiError('APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配，请检查', { number: NUMBERS.appMismatch });
  checkNotifyUrl(body.notify_url);
  checkClientIp(body.scene_info?.payer_client_ip);
  const now = state.clock.now();
  const expiresAt = readExpiry(body.time_expire, now);
  const fingerprint = fingerprintOf({ ...json, product });
  const known = state.orders.find(merchant.merchant_id, body.out_trade_no);
  const order = known ? repeat(state, known, fingerprint, now) : place(state, merchant, TRADE_TYPES[product], body, { fingerprint, now, expiresAt });
  return answerOf(state, order);
}

/** The `mchid` of a body or a query must be the one that signed. */
export function checkMerchant(merchant: Merchant, mchid: string): void {
  if (mchid !== merchant.merchant_id) throw new ApiError('INVALID_REQUEST', '请求中的mchid与Authorization中的mchid不一致', { number: NUMBERS.merchantMismatch });
}

/** SHA-256 over the JSON with sorted keys: equal for equal requests, whatever the order of their fields. */
export function fingerprintOf(value: unknown): string {
  return createHash('sha256').update(canonical(value)).digest('base64');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}

/** Less than a minute ahead is raised to a minute, more than 90 days is cut: silently, as in the original. */
function readExpiry(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const at = parseTime(text);
  if (at === undefined) throw fault('/time_expire', text, '应为RFC3339格式的时间');
  return Math.min(Math.max(at, now + LEAST_EXPIRE_MS), now + MOST_EXPIRE_MS);
}

function repeat(state: PayState, order: Order, fingerprint: string, now: number): Order {
  const trade = state.orders.stateOf(order, now);
  if (trade === 'SUCCESS' || trade === 'REFUND') throw new ApiError('OUT_TRADE_NO_USED', '该订单已支付', { number: NUMBERS.paid });
  if (trade === 'CLOSED') throw new ApiError('ORDER_CLOSED', '该订单已关闭', { number: NUMBERS.expired });
  if (order.fingerprint !== fingerprint) throw new ApiError('INVALID_REQUEST', '请求重入时，参数与首次请求时不一致', { number: NUMBERS.reentry });
  if (isExpired(order, now)) throw new ApiError('ORDER_CLOSED', '该订单已过期', { number: NUMBERS.expired });
  if (now - order.prepay_at >= PREPAY_MS) state.orders.renew(order, now);
  order.posted_at = now;
  state.orders.put(order);
  return order;
}

/** Past its `time_expire`: nobody can pay it any more, though it is not closed. */
export function isExpired(order: Order, now: number): boolean {
  return order.expires_at !== undefined && now >= order.expires_at;
}

interface Placing {
  readonly fingerprint: string;
  readonly now: number;
  readonly expiresAt: number | undefined;
}

function place(state: PayState, merchant: Merchant, type: TradeType, body: PrepayBody, { fingerprint, now, expiresAt }: Placing): Order {
  if (state.orders.isFull) throw new ApiError('SIMULATOR_FULL', '模拟器的订单已满');
  const deviceId = body.scene_info?.device_id;
  const order: Order = {
    merchant_id: merchant.merchant_id,
    out_trade_no: body.out_trade_no,
    app_id: body.appid,
    trade_type: type,
    description: body.description,
    ...(body.attach === undefined ? {} : { attach: body.attach }),
    notify_url: body.notify_url,
    total: body.amount.total,
    ...(body.payer ? { openid: body.payer.openid } : {}),
    ...(deviceId === undefined ? {} : { device_id: deviceId }),
    fingerprint,
    created_at: now,
    ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    prepay_id: newPrepayId(now),
    prepay_at: now,
    posted_at: now,
    short: randomBytes(6).toString('base64url'),
    trade_state: 'NOTPAY',
    payments: [],
  };
  state.orders.put(order);
  return order;
}

function answerOf(state: PayState, order: Order): Record<string, string> {
  if (order.trade_type === 'JSAPI') return { prepay_id: order.prepay_id };
  if (order.trade_type === 'NATIVE') return { code_url: codeUrlOf(order) };
  const token = fingerprintOf(order.prepay_id).replace(/\D/gu, '').slice(0, 10);
  return { h5_url: `${state.publicUrl()}/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${order.prepay_id}&package=${token}` };
}

/** What a native order's QR code says. */
export function codeUrlOf(order: Order): string {
  return `weixin://wxpay/bizpayurl?pr=${order.short}`;
}
