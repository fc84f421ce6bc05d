import { createHash, randomBytes } from 'node:crypto';
import { ControlError } from './api-error.js';
import { SCHEME, answerMessage, encrypt, signMessage } from './signing.js';
import { beijingTime } from './clock.js';
import { transactionOf } from './transaction-object.js';
import type { Merchant } from './merchants.js';
import type { Order, Payment } from './orders.js';
import type { PlatformKeys } from './platform-keys.js';

/** A fact that a merchant is told, as long as it takes. */
export interface Notice {
  /** The notification's id: the same for every delivery of the same fact. */
  readonly id: string;
  readonly merchant_id: string;
  readonly url: string;
  readonly event_type: string;
  readonly summary: string;
  readonly original_type: 'transaction' | 'refund';
  readonly create_time: string;
  /** The resource before encryption. */
  readonly resource: Readonly<Record<string, unknown>>;
}

/** How a delivery differs from an honest one. The `wrong_…` ones are properly signed and encrypted. */
export const VARIANTS = [
  'good', 'probe', 'old_timestamp', 'future_timestamp', 'unknown_serial', 'wrong_aad', 'tampered_body', 'tampered_ciphertext', 'no_signature', 'certificate',
  'wrong_amount', 'wrong_mchid', 'wrong_appid', 'wrong_currency', 'wrong_payer', 'unknown_order',
] as const;
export type Variant = (typeof VARIANTS)[number];

const OFF_S = 600;

/** A letter ready to be posted. */
export interface Letter {
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** The notice of a payment; payments alone are told, never failures, closings or expiries. */
export function paymentNotice(order: Order, payment: Payment, url = order.notify_url): Notice {
  return {
    id: idOf(`TRANSACTION.SUCCESS ${payment.transaction_id}`),
    merchant_id: order.merchant_id,
    url,
    event_type: 'TRANSACTION.SUCCESS',
    summary: '支付成功',
    original_type: 'transaction',
    create_time: beijingTime(payment.success_time),
    resource: transactionOf(order, payment, 'SUCCESS'),
  };
}

/** A stable UUID-shaped id (36 characters) of a fact. */
export function idOf(fact: string): string {
  const hex = createHash('sha256').update(fact).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-');
}

/** Encrypts, signs and, where asked, spoils a notice. Throws {@link ControlError} for a variant that this notice has no field for. */
export function sealNotice(notice: Notice, merchant: Merchant, keys: PlatformKeys, turn: number, nowMs: number, variant: Variant = 'good'): Letter {
  const resource = JSON.stringify(falsify(notice, variant));
  const nonce = randomBytes(6).toString('hex');
  const ciphertext = encrypt(merchant.api_v3_key, nonce, variant === 'wrong_aad' ? 'something else' : notice.original_type, resource);
  const body = JSON.stringify({
    id: notice.id,
    create_time: notice.create_time,
    resource_type: 'encrypt-resource',
    event_type: notice.event_type,
    summary: notice.summary,
    resource: {
      original_type: notice.original_type,
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: variant === 'tampered_ciphertext' ? flipped(ciphertext) : ciphertext,
      associated_data: notice.original_type,
      nonce,
    },
  });
  const sent = variant === 'tampered_body' ? body.replace('"resource_type":"encrypt-resource"', '"resource_type":"encrypt_resource"') : body;
  const plain = { 'content-type': 'application/json', accept: '*/*', 'user-agent': 'Mozilla/4.0' };
  if (variant === 'no_signature') return { headers: plain, body: sent };
  const signer = variant === 'certificate' ? keys.certificateSigner() : keys.noticeSigner(merchant.merchant_id, merchant.mode, turn);
  const seconds = Math.floor(nowMs / 1000) + (variant === 'old_timestamp' ? -OFF_S : variant === 'future_timestamp' ? OFF_S : 0);
  const signatureNonce = randomBytes(16).toString('hex');
  const signature = signMessage(signer.key, answerMessage(seconds.toString(), signatureNonce, body));
  return {
    headers: {
      ...plain,
      'wechatpay-timestamp': seconds.toString(),
      'wechatpay-nonce': signatureNonce,
      'wechatpay-signature': variant === 'probe' ? probe(signature) : signature,
      'wechatpay-serial': variant === 'unknown_serial' ? `PUB_KEY_ID_019${randomBytes(12).readUIntBE(0, 6).toString().padStart(15, '0')}${'0'.repeat(16)}` : signer.serial,
      'wechatpay-signature-type': SCHEME,
    },
    body: sent,
  };
}

/** A signature of the kind by which WeChat Pay tests whether its receivers look. */
export function probe(signature: string): string {
  return `WECHATPAY/SIGNTEST/${signature.slice(19)}`;
}

/** The resource with the false field that the variant is about. */
function falsify(notice: Notice, variant: Variant): Record<string, unknown> {
  const resource = { ...notice.resource };
  const amount = { ...(resource['amount'] as Record<string, unknown>) };
  switch (variant) {
    case 'wrong_amount':
      if (notice.original_type === 'refund') return { ...resource, amount: { ...amount, refund: other(amount['refund']), payer_refund: other(amount['refund']) } };
      return { ...resource, amount: { ...amount, total: other(amount['total']), payer_total: other(amount['total']) } };
    case 'wrong_mchid':
      return { ...resource, mchid: '1999999999' };
    case 'unknown_order':
      return { ...resource, out_trade_no: `UNKNOWN${randomBytes(8).toString('hex')}`, ...(notice.original_type === 'refund' ? { out_refund_no: `UNKNOWN${randomBytes(8).toString('hex')}` } : {}) };
    case 'wrong_appid':
      return { ...resource, ...onlyPayments(notice, { appid: 'wxffffffffffffffff' }) };
    case 'wrong_currency':
      return { ...resource, ...onlyPayments(notice, { amount: { ...amount, currency: 'USD', payer_currency: 'USD' } }) };
    case 'wrong_payer':
      return { ...resource, ...onlyPayments(notice, { payer: { openid: `oSomebodyElse${randomBytes(8).toString('hex').slice(0, 15)}` } }) };
    default:
      return resource;
  }
}

function onlyPayments<T>(notice: Notice, value: T): T {
  if (notice.original_type === 'refund') throw new ControlError(400, 'A notice of a refund has no such field.');
  return value;
}

/** One fen, or two where the truth is one. */
function other(fen: unknown): number {
  return fen === 1 ? 2 : 1;
}

function flipped(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString('base64');
}
