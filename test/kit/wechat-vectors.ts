import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

interface Letter {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly plaintext: string;
  readonly gcm: { readonly key_utf8: string; readonly nonce_utf8: string; readonly aad_utf8: string; readonly ciphertext_and_tag_base64: string };
}

/** Messages of WeChat Pay, signed and sealed with throw-away keys that are made for tests alone. */
export interface WechatVectors {
  readonly config: { readonly mchid: string; readonly appid: string; readonly merchant_serial_no: string; readonly wechatpay_public_key_id: string; readonly apiv3_key: string };
  readonly keys: Readonly<Record<'merchant_private_key_pkcs8' | 'merchant_public_key_spki' | 'wechatpay_private_key_pkcs8' | 'wechatpay_public_key_spki', string>>;
  readonly request_post: { readonly body: string; readonly message: string; readonly signature: string; readonly timestamp: string; readonly nonce_str: string; readonly canonical_url: string };
  readonly request_get: { readonly message: string; readonly signature: string; readonly timestamp: string; readonly nonce_str: string; readonly canonical_url: string };
  readonly response_200: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  readonly response_204: { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  readonly client_app: { readonly message: string; readonly params: Readonly<Record<string, string>> };
  readonly sensitive_field_oaep_sha1: { readonly plaintext: string; readonly ciphertext_base64: string };
  readonly client_jsapi: { readonly params: Readonly<Record<string, string>> };
  readonly notify_transaction_success: Letter;
  readonly notify_refund_success: Letter;
  readonly notify_signature_probe: { readonly headers: Readonly<Record<string, string>> };
  readonly certificate_decrypt: { readonly algorithm: string; readonly nonce: string; readonly associated_data: string; readonly ciphertext: string; readonly plaintext: string };
  readonly message_push: Readonly<
    Record<'token' | 'timestamp' | 'nonce' | 'signature' | 'encoding_aes_key' | 'appid' | 'random16_utf8' | 'plaintext' | 'Encrypt' | 'msg_signature' | 'body', string>
  >;
  readonly trade_bill: { readonly csv_utf8: string; readonly gzip_base64: string; readonly hash_value: string };
}

export const VECTORS = JSON.parse(readFileSync(resolve(import.meta.dirname, 'wechat-vectors.json'), 'utf8')) as WechatVectors;

/** The merchant of the vectors. */
export const VECTOR_MERCHANT = {
  appId: VECTORS.config.appid,
  merchantId: VECTORS.config.mchid,
  merchantSerial: VECTORS.config.merchant_serial_no,
  privateKeyPem: VECTORS.keys.merchant_private_key_pkcs8,
  apiV3Key: VECTORS.config.apiv3_key,
  wechatKeys: { [VECTORS.config.wechatpay_public_key_id]: VECTORS.keys.wechatpay_public_key_spki },
  preferredSerial: VECTORS.config.wechatpay_public_key_id,
};

export function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
