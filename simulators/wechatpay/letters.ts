import { randomUUID } from 'node:crypto';
import { beijing, transaction } from './order.js';
import { letterKey } from './merchants.js';
import { refundObject } from './refunds.js';
import { sealResource, signatureHeaders } from './seal.js';
import type { Merchant } from './merchants.js';
import type { Order, Payment } from './order.js';
import type { Refund } from './refunds.js';
import type { SimulatorKeys } from './keys.js';

/** How a letter differs from a good one. Those of the second line are signed and sealed well, and tell an untruth. */
export const VARIANTS = [
  'good', 'certificate', 'probe', 'old_timestamp', 'future_timestamp', 'unknown_serial', 'wrong_aad', 'tampered_body', 'tampered_ciphertext', 'no_signature',
  'wrong_amount', 'wrong_mchid', 'wrong_appid', 'wrong_currency', 'wrong_payer', 'unknown_order',
] as const;
export type Variant = (typeof VARIANTS)[number];

/** A letter as it goes over the wire. */
export interface Letter {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

const HOUR_MS = 3_600_000;

export function paymentLetter(keys: SimulatorKeys, merchant: Merchant, order: Order, payment: Payment, variant: Variant = 'good'): Letter {
  // A letter tells of the payment, whatever was refunded meanwhile.
  const plain = untrue({ ...transaction({ ...order, refundStarted: false }, payment.at, payment) }, variant);
  return write(keys, merchant, { url: order.notifyUrl, type: 'TRANSACTION.SUCCESS', summary: '支付成功', original: 'transaction', plain }, variant);
}

export function refundLetter(keys: SimulatorKeys, merchant: Merchant, refund: Refund, variant: Variant = 'good'): Letter | undefined {
  if (refund.notifyUrl === undefined) return undefined;
  const [type, summary] = refund.status === 'SUCCESS' ? ['REFUND.SUCCESS', '退款成功'] : refund.status === 'ABNORMAL' ? ['REFUND.ABNORMAL', '退款异常'] : ['REFUND.CLOSED', '退款关闭'];
  return write(keys, merchant, { url: refund.notifyUrl, type, summary, original: 'refund', plain: untrue(refundObject(refund, 'letter'), variant) }, variant);
}

function untrue(plain: Record<string, unknown>, variant: Variant): Record<string, unknown> {
  const amount = plain['amount'] as Record<string, unknown>;
  switch (variant) {
    case 'wrong_amount': return { ...plain, amount: { ...amount, total: 1, refund: 1 } };
    case 'wrong_mchid': return { ...plain, mchid: '1999999999' };
    case 'wrong_appid': return { ...plain, appid: 'wxffffffffffffffff' };
    case 'wrong_currency': return { ...plain, amount: { ...amount, currency: 'USD' } };
    case 'wrong_payer': return { ...plain, payer: { openid: 'oSomebodyElse' } };
    case 'unknown_order': return { ...plain, out_trade_no: `NOT${String(plain['out_trade_no']).slice(3)}` };
    default: return plain;
  }
}

interface Content {
  readonly url: string;
  readonly type: string;
  readonly summary: string;
  readonly original: string;
  readonly plain: Record<string, unknown>;
}

function write(keys: SimulatorKeys, merchant: Merchant, { url, type, summary, original, plain }: Content, variant: Variant): Letter {
  const sealed = sealResource(merchant.apiV3Key, JSON.stringify(plain), original);
  const resource = { ...sealed, original_type: original, ...(variant === 'wrong_aad' ? { associated_data: 'other' } : {}), ...(variant === 'tampered_ciphertext' ? { ciphertext: flipped(sealed.ciphertext) } : {}) };
  const body = JSON.stringify({ id: randomUUID(), create_time: beijing(Date.now()), resource_type: 'encrypt-resource', event_type: type, summary, resource });
  const key = variant === 'certificate' ? keys.certificate : variant === 'good' ? letterKey(keys, merchant) : keys.publicKey;
  const at = variant === 'old_timestamp' ? Date.now() - HOUR_MS : variant === 'future_timestamp' ? Date.now() + HOUR_MS : Date.now();
  const signed = signatureHeaders(key, body, at);
  return { url, headers: { 'content-type': 'application/json', accept: '*/*', ...spoilt(signed, variant) }, body: variant === 'tampered_body' ? body.replace(summary, `${summary}！`) : body };
}

function spoilt(headers: Record<string, string>, variant: Variant): Record<string, string> {
  if (variant === 'no_signature') return {};
  if (variant === 'unknown_serial') return { ...headers, 'Wechatpay-Serial': 'PUB_KEY_ID_9999999999999999999999999999999999' };
  if (variant === 'probe') return { ...headers, 'Wechatpay-Signature': `WECHATPAY/SIGNTEST/${headers['Wechatpay-Signature']?.slice(19) ?? ''}` };
  return headers;
}

function flipped(ciphertext: string): string {
  const bytes = Buffer.from(ciphertext, 'base64');
  bytes[10] = (bytes[10] as number) ^ 1;
  return bytes.toString('base64');
}
