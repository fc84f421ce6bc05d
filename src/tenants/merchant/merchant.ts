import { X509Certificate, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { DomainError } from '../../platform/errors/index.js';

/** A tenant's account with WeChat Pay, without its secrets. */
export interface Merchant {
  readonly merchantId: string;
  /** serial_no of its API certificate, upper case hex. */
  readonly merchantSerial: string;
  /** WeChat Pay's keys by their exact serial: `PUB_KEY_ID_…` or a platform certificate's. */
  readonly wechatKeys: Readonly<Record<string, string>>;
  /** Which of them WeChat is asked to sign with. */
  readonly preferredSerial: string;
  readonly updatedAt: Date;
}

/** An account as a person enters it. Secrets that are left out stay as they are. */
export interface MerchantDraft {
  readonly merchantId: string;
  readonly merchantSerial: string;
  readonly privateKey?: string | undefined;
  readonly apiV3Key?: string | undefined;
  readonly wechatKeys: readonly { readonly serial: string; readonly key: string }[];
  readonly preferredSerial?: string | undefined;
}

const MERCHANT_ID = /^\d{6,32}$/;
const MERCHANT_SERIAL = /^[0-9A-Fa-f]{8,64}$/;
/** APIv3密钥: exactly 32 letters and digits. */
const API_V3_KEY = /^[0-9A-Za-z]{32}$/;
const WECHAT_SERIAL = /^(PUB_KEY_ID_\d{8,64}|[0-9A-Fa-f]{8,64})$/;
const MOST_KEYS = 5;
const LEAST_BITS = 2048;

/**
 * Checks an account before it is kept, so that a wrong key is found here and not by the first payer.
 * @throws DomainError `invalid_request` that names the field; never its value.
 */
export function checkMerchant(draft: MerchantDraft): Omit<Merchant, 'updatedAt'> {
  if (!MERCHANT_ID.test(draft.merchantId)) throw invalid('merchant_id', 'must be the merchant number: 6 to 32 digits');
  if (!MERCHANT_SERIAL.test(draft.merchantSerial)) throw invalid('merchant_serial', 'must be the serial number of the merchant API certificate, in hex');
  if (draft.privateKey !== undefined) checkRsa('private_key', draft.privateKey, createPrivateKey);
  if (draft.apiV3Key !== undefined && !API_V3_KEY.test(draft.apiV3Key)) throw invalid('api_v3_key', 'must have exactly 32 letters and digits');
  const [first] = draft.wechatKeys;
  if (first === undefined || draft.wechatKeys.length > MOST_KEYS) throw invalid('wechat_keys', `must name 1 to ${MOST_KEYS} keys of WeChat Pay`);
  draft.wechatKeys.forEach(({ serial, key }, at) => {
    if (!WECHAT_SERIAL.test(serial)) throw invalid(`wechat_keys[${at}].serial`, 'must be PUB_KEY_ID_… or the serial number of a platform certificate');
    checkRsa(`wechat_keys[${at}].key`, key, publicKeyOf);
  });
  const wechatKeys = Object.fromEntries(draft.wechatKeys.map(({ serial, key }) => [serial, key]));
  if (Object.keys(wechatKeys).length !== draft.wechatKeys.length) throw invalid('wechat_keys', 'must not name a serial twice');
  const preferredSerial = draft.preferredSerial ?? first.serial;
  if (!Object.hasOwn(wechatKeys, preferredSerial)) throw invalid('preferred_serial', 'must be one of wechat_keys');
  return { merchantId: draft.merchantId, merchantSerial: draft.merchantSerial.toUpperCase(), wechatKeys, preferredSerial };
}

function publicKeyOf(pem: string): KeyObject {
  return pem.includes('BEGIN CERTIFICATE') ? new X509Certificate(pem).publicKey : createPublicKey(pem);
}

function checkRsa(param: string, pem: string, read: (pem: string) => KeyObject): void {
  let key: KeyObject | undefined;
  try {
    key = read(pem);
  } catch {
    key = undefined;
  }
  if (key?.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < LEAST_BITS) throw invalid(param, `must be an RSA key of at least ${LEAST_BITS} bits, as PEM`);
}

function invalid(param: string, fault: string): DomainError {
  return new DomainError('invalid_request', { param, message: `${param} ${fault}` });
}
