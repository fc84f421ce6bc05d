import { createCipheriv, createSign, randomBytes } from 'node:crypto';
import type { SigningKey } from './keys.js';

/** The five headers by which an answer or a letter is WeChat's (reference: RSASSA-PKCS1-v1_5, SHA-256, three lines). */
export function signatureHeaders(key: SigningKey, body: string, at: number = Date.now()): Record<string, string> {
  const timestamp = Math.floor(at / 1000).toString();
  const nonce = randomBytes(16).toString('hex');
  const signature = createSign('sha256').update(`${timestamp}\n${nonce}\n${body}\n`).sign(key.privateKey, 'base64');
  return {
    'Wechatpay-Timestamp': timestamp, 'Wechatpay-Nonce': nonce, 'Wechatpay-Signature': signature, 'Wechatpay-Serial': key.serial,
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
  };
}

/** AEAD_AES_256_GCM under a merchant's APIv3 key, as letters and certificates are sealed. */
export function sealResource(apiV3Key: string, plain: string, associatedData: string): { algorithm: string; nonce: string; associated_data: string; ciphertext: string } {
  const nonce = randomBytes(6).toString('hex');
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce));
  cipher.setAAD(Buffer.from(associatedData));
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
  return { algorithm: 'AEAD_AES_256_GCM', nonce, associated_data: associatedData, ciphertext };
}
