import { X509Certificate, createPublicKey, verify, type KeyObject } from 'node:crypto';
import type { WechatPayMerchant } from './merchant.js';

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Why a message is not taken for WeChat's. */
export type SignatureFault = 'headers' | 'timestamp' | 'serial' | 'signature' | 'probe';

/** Answers and letters from further away than this, in seconds, are refused (reference: 3.2). */
const WINDOW_SECONDS = 300;
const TYPE = 'WECHATPAY2-SHA256-RSA2048';
/** WeChat's own test of whether we look: an ordinary failure (reference: 3.3). */
const PROBE = 'WECHATPAY/SIGNTEST/';
const KEYS = new Map<string, KeyObject>();
const MOST_KEYS = 1_000;

/**
 * Checks a signature over the raw bytes: RSASSA-PKCS1-v1_5, SHA-256 of `timestamp\nnonce\nbody\n` (reference: 3.2).
 * The key is the one of exactly the named serial; an unknown serial is refused and nothing is fetched.
 * @returns undefined when it is WeChat's, else what is wrong
 */
export function signatureFault(merchant: WechatPayMerchant, headers: Headers, rawBody: Uint8Array, now: Date): SignatureFault | undefined {
  const timestamp = headers['wechatpay-timestamp'];
  const nonce = headers['wechatpay-nonce'];
  const serial = headers['wechatpay-serial'];
  const signature = headers['wechatpay-signature'];
  if (typeof timestamp !== 'string' || typeof nonce !== 'string' || typeof serial !== 'string' || typeof signature !== 'string') return 'headers';
  if ((headers['wechatpay-signature-type'] ?? TYPE) !== TYPE || !/^\d{1,12}$/.test(timestamp) || nonce.length > 128) return 'headers';
  if (Math.abs(now.getTime() / 1000 - parseInt(timestamp, 10)) >= WINDOW_SECONDS) return 'timestamp';
  if (signature.startsWith(PROBE)) return 'probe';
  const pem = Object.hasOwn(merchant.wechatKeys, serial) ? merchant.wechatKeys[serial] : undefined;
  if (pem === undefined) return 'serial';
  const message = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), rawBody, Buffer.from('\n')]);
  return isSigned(message, pem, signature) ? undefined : 'signature';
}

function isSigned(message: Buffer, pem: string, signature: string): boolean {
  if (!/^[A-Za-z0-9+/]{1,1024}={0,2}$/.test(signature)) return false;
  try {
    return verify('sha256', message, keyOf(pem), Buffer.from(signature, 'base64'));
  } catch {
    return false;
  }
}

/** Parsed keys are kept, since parsing costs more than verifying; their number is bounded. */
function keyOf(pem: string): KeyObject {
  const known = KEYS.get(pem);
  if (known !== undefined) return known;
  const key = pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
  if (KEYS.size >= MOST_KEYS) KEYS.clear();
  KEYS.set(pem, key);
  return key;
}
