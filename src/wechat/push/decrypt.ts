import { createDecipheriv, timingSafeEqual } from 'node:crypto';
import { PushRefused } from './push-settings.js';

const IV_BYTES = 16;
/** PKCS#7 over blocks of 32 bytes: 1 to 32 bytes of padding. */
export const PADDING_BLOCK = 32;
const RANDOM_BYTES = 16;
const LENGTH_BYTES = 4;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The 32 bytes of an EncodingAESKey. */
export function aesKeyOf(encodingAesKey: string): Buffer {
  return Buffer.from(`${encodingAesKey}=`, 'base64');
}

/**
 * Opens a letter of the secure mode (reference: 11): AES-256-CBC, IV = the key's first 16 bytes; inside, 16 random
 * bytes, the message's length, the message, and the AppID that it is for. Whatever does not fit is one and the same
 * refusal, so that nobody learns where it failed.
 * @throws PushRefused
 */
export function decrypt(encodingAesKey: string, appId: string, ciphertext: string): Buffer {
  const inside = unpadded(decipher(aesKeyOf(encodingAesKey), ciphertext));
  const head = RANDOM_BYTES + LENGTH_BYTES;
  if (inside.length < head) throw new PushRefused('decrypt');
  const end = head + inside.readUInt32BE(RANDOM_BYTES);
  const tail = Buffer.from(appId);
  if (inside.length - end !== tail.length || !timingSafeEqual(inside.subarray(end), tail)) throw new PushRefused('decrypt');
  return inside.subarray(head, end);
}

function decipher(key: Buffer, ciphertext: string): Buffer {
  const bytes = BASE64.test(ciphertext) ? Buffer.from(ciphertext, 'base64') : Buffer.alloc(0);
  if (bytes.length === 0 || bytes.length % PADDING_BLOCK !== 0) throw new PushRefused('decrypt');
  try {
    const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, IV_BYTES)).setAutoPadding(false);
    return Buffer.concat([decipher.update(bytes), decipher.final()]);
  } catch {
    throw new PushRefused('decrypt');
  }
}

function unpadded(bytes: Buffer): Buffer {
  const count = bytes.at(-1) ?? 0;
  const isPadded = count >= 1 && count <= PADDING_BLOCK && count <= bytes.length && bytes.subarray(-count).every((byte) => byte === count);
  if (!isPadded) throw new PushRefused('decrypt');
  return bytes.subarray(0, -count);
}
