import { createDecipheriv, createPublicKey, createSign, generateKeyPairSync, randomBytes, verify } from 'node:crypto';

/** A merchant as the specs need one: its keys, and the cryptography of its side. */
export const MERCHANT = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const MCHID = '1900000109';
export const APPID = 'wx0123456789abcdef';
export const SERIAL = '1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C';
export const API_V3_KEY = '0123456789abcdef0123456789ABCDEF';

/** What may be wrong with a request's signature. */
export interface Changed {
  readonly timestamp?: number;
  readonly serial?: string;
  readonly mchid?: string;
  readonly text?: string;
}

/** The Authorization of a request, or one that something is wrong with. */
export function authorization(method: string, path: string, content: string, changed: Changed = {}): string {
  const timestamp = changed.timestamp ?? Math.floor(Date.now() / 1000);
  const nonce = randomBytes(16).toString('hex');
  const signature = createSign('sha256').update(changed.text ?? `${method}\n${path}\n${timestamp}\n${nonce}\n${content}\n`).sign(MERCHANT.privateKey, 'base64');
  return `WECHATPAY2-SHA256-RSA2048 mchid="${changed.mchid ?? MCHID}",nonce_str="${nonce}",signature="${signature}",timestamp="${timestamp}",serial_no="${changed.serial ?? SERIAL}"`;
}

/** Whether an answer or a letter is signed with this key. */
export function signedBy(pem: string, headers: { get(name: string): string | null }, body: string): boolean {
  const message = `${headers.get('wechatpay-timestamp')}\n${headers.get('wechatpay-nonce')}\n${body}\n`;
  return verify('sha256', Buffer.from(message), createPublicKey(pem), Buffer.from(headers.get('wechatpay-signature') ?? '', 'base64'));
}

/** The content of a letter. Throws when it was changed. */
export function opened(body: string): Record<string, unknown> {
  const { resource } = JSON.parse(body) as { resource: Record<'nonce' | 'associated_data' | 'ciphertext', string> };
  return JSON.parse(unsealed(resource).toString()) as Record<string, unknown>;
}

/** What was sealed for the merchant. Throws when it was changed. */
export function unsealed(resource: Record<'nonce' | 'associated_data' | 'ciphertext', string>): Buffer {
  const bytes = Buffer.from(resource.ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(API_V3_KEY), Buffer.from(resource.nonce));
  decipher.setAAD(Buffer.from(resource.associated_data));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
}
