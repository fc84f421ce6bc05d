import { decryptResource } from './decrypt.js';
import { MalformedAnswer, objectOf, optionalText, textOf, type Json } from './fields.js';
import type { WechatPayMerchant } from './merchant.js';
import { refundOf, type WechatRefund } from './refund.js';
import { signatureFault, type Headers, type SignatureFault } from './signature.js';
import { tradeOf, type WechatTrade } from './trade.js';

/** A letter of WeChat Pay that was verified and decrypted. */
export type WechatPayNotice =
  | { readonly id: string; readonly kind: 'payment'; readonly eventType: string; readonly trade: WechatTrade }
  | { readonly id: string; readonly kind: 'refund'; readonly eventType: string; readonly refund: WechatRefund }
  | { readonly id: string; readonly kind: 'other'; readonly eventType: string };

/** A letter that is not taken for WeChat's. */
export class NoticeRefused extends Error {
  override readonly name = 'NoticeRefused';

  constructor(readonly reason: SignatureFault | 'body' | 'decrypt') {
    super(`a payment notice was refused: ${reason}`);
  }
}

/**
 * What a letter says (reference: 5.1, 5.2). Signature, window and serial first, on the raw bytes; then the content,
 * which must open under this merchant's APIv3 key.
 * @throws NoticeRefused
 */
export function verifyNotice(merchant: WechatPayMerchant, headers: Headers, rawBody: Uint8Array, now: Date): WechatPayNotice {
  const fault = signatureFault(merchant, headers, rawBody, now);
  if (fault !== undefined) throw new NoticeRefused(fault);
  try {
    return read(merchant, objectOf(parse(rawBody), 'notice'));
  } catch (error) {
    if (error instanceof MalformedAnswer) throw new NoticeRefused('body');
    throw error;
  }
}

function read(merchant: WechatPayMerchant, envelope: Json): WechatPayNotice {
  const id = textOf(envelope, 'id');
  const eventType = textOf(envelope, 'event_type');
  const isPayment = eventType.startsWith('TRANSACTION.');
  const isRefund = eventType.startsWith('REFUND.');
  const resource = objectOf(envelope['resource'], 'resource');
  const original = optionalText(resource, 'original_type');
  if ((!isPayment && !isRefund) || original === 'profitsharing') return { id, kind: 'other', eventType };
  const plain = parse(open(merchant, resource));
  return isPayment ? { id, kind: 'payment', eventType, trade: tradeOf(plain) } : { id, kind: 'refund', eventType, refund: refundOf(plain, 'refund_status') };
}

function open(merchant: WechatPayMerchant, resource: Json): Buffer {
  const sealed = { algorithm: textOf(resource, 'algorithm'), nonce: textOf(resource, 'nonce'), associatedData: optionalText(resource, 'associated_data') ?? '', ciphertext: ciphertextOf(resource) };
  try {
    return decryptResource(merchant.apiV3Key, sealed);
  } catch {
    throw new NoticeRefused('decrypt');
  }
}

function ciphertextOf(resource: Json): string {
  const text = resource['ciphertext'];
  if (typeof text !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) throw new MalformedAnswer('ciphertext');
  return text;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new MalformedAnswer('body');
  }
}
