import { createCipheriv, createDecipheriv, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The one signature scheme of APIv3, as it is named in `Authorization` and `Wechatpay-Signature-Type`. */
export const SCHEME = 'WECHATPAY2-SHA256-RSA2048';

const TAG_BYTES = 16;

/** The five lines that a merchant signs; `target` is path and query exactly as sent. */
export function requestMessage(method: string, target: string, timestamp: string, nonce: string, body: Buffer | string): Buffer {
  return Buffer.concat([Buffer.from(`${method}\n${target}\n${timestamp}\n${nonce}\n`), Buffer.from(body), Buffer.from('\n')]);
}

/** The three lines that WeChat Pay signs, in answers and in notifications; an empty body leaves an empty line. */
export function answerMessage(timestamp: string, nonce: string, body: Buffer | string): Buffer {
  return Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), Buffer.from(body), Buffer.from('\n')]);
}

/** RSASSA-PKCS1-v1_5 with SHA-256, standard Base64. */
export function signMessage(key: KeyObject, message: Buffer): string {
  return sign('sha256', message, key).toString('base64');
}

/** Whether the Base64 signature fits; anything that is no signature at all does not. */
export function verifyMessage(key: KeyObject, message: Buffer, signature: string): boolean {
  return verify('sha256', message, key, Buffer.from(signature, 'base64'));
}

/** AEAD_AES_256_GCM: the Base64 of the ciphertext with its 16-byte tag at the end. */
export function encrypt(apiV3Key: string, nonce: string, associatedData: string, plaintext: string): string {
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce)).setAAD(Buffer.from(associatedData));
  return Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** The inverse of {@link encrypt}. Throws when key, nonce, associated data or tag do not fit. */
export function decrypt(apiV3Key: string, nonce: string, associatedData: string, ciphertext: string): string {
  const bytes = Buffer.from(ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(associatedData))
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
}
