import { createDecipheriv } from 'node:crypto';

const TAG_BYTES = 16;

export interface SealedResource {
  readonly algorithm: string;
  readonly nonce: string;
  readonly associatedData: string;
  /** Base64; the last 16 bytes are the tag. */
  readonly ciphertext: string;
}

/**
 * AEAD_AES_256_GCM (reference: 3.4): the key is the APIv3 key's 32 ASCII bytes.
 * @throws Error when the tag does not fit, that is when anything was changed. The message holds nothing of it.
 */
export function decryptResource(apiV3Key: string, { algorithm, nonce, associatedData, ciphertext }: SealedResource): Buffer {
  const bytes = Buffer.from(ciphertext, 'base64');
  if (algorithm !== 'AEAD_AES_256_GCM' || nonce.length !== 12 || bytes.length < TAG_BYTES) throw new Error('the resource is not sealed as WeChat Pay seals');
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(apiV3Key), Buffer.from(nonce), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(associatedData));
  decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
}
