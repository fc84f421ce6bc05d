import { createCipheriv, randomBytes } from 'node:crypto';
import { PADDING_BLOCK, aesKeyOf } from './decrypt.js';

/** Seals an answer as letters of the secure mode are sealed. @param random 16 bytes, of its own for every letter */
export function encrypt(encodingAesKey: string, appId: string, plain: Buffer, random: Buffer = randomBytes(16)): string {
  const key = aesKeyOf(encodingAesKey);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(plain.length);
  const bare = Buffer.concat([random, length, plain, Buffer.from(appId)]);
  const padding = PADDING_BLOCK - (bare.length % PADDING_BLOCK);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(bare), cipher.update(Buffer.alloc(padding, padding)), cipher.final()]).toString('base64');
}
