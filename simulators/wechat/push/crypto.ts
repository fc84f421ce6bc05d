import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const BLOCK = 32;
const RANDOM = 16;
const LENGTH = 4;

/** A sealed text that is not what the protocol makes. */
export class BadSeal extends Error {}

/** `sha1(sort(parts).join(""))`, hex: of token, timestamp, nonce, and for `msg_signature` the sealed text. */
export function signatureOf(...parts: readonly string[]): string {
  return createHash('sha1').update([...parts].sort().join('')).digest('hex');
}

/** random(16) ‖ length (4 bytes, big-endian) ‖ message ‖ appid, padded by PKCS#7 to blocks of 32, AES-256-CBC, Base64; the IV is the key's first half. */
export function seal(message: string, encodingAesKey: string, appid: string, random: Buffer = randomBytes(RANDOM)): string {
  const key = keyOf(encodingAesKey);
  const text = Buffer.from(message, 'utf8');
  const length = Buffer.alloc(LENGTH);
  length.writeUInt32BE(text.length);
  const plain = Buffer.concat([random, length, text, Buffer.from(appid, 'utf8')]);
  const pad = BLOCK - (plain.length % BLOCK);
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  return Buffer.concat([cipher.update(plain), cipher.update(Buffer.alloc(pad, pad)), cipher.final()]).toString('base64');
}

/** The message and the appid behind it. Throws {@link BadSeal}. */
export function unseal(sealed: string, encodingAesKey: string): { readonly message: string; readonly appid: string } {
  const bytes = Buffer.from(sealed, 'base64');
  if (bytes.length === 0 || bytes.length % BLOCK !== 0 || bytes.toString('base64') !== sealed) throw new BadSeal('Encrypt is not Base64 of whole blocks of 32 bytes.');
  const key = keyOf(encodingAesKey);
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const padded = Buffer.concat([decipher.update(bytes), decipher.final()]);
  const pad = padded.at(-1) ?? 0;
  if (pad < 1 || pad > BLOCK || padded.subarray(-pad).some((byte) => byte !== pad)) throw new BadSeal('Encrypt was not padded to blocks of 32, or is of another key.');
  const plain = padded.subarray(0, padded.length - pad);
  const end = RANDOM + LENGTH + (plain.length < RANDOM + LENGTH ? Infinity : plain.readUInt32BE(RANDOM));
  if (end > plain.length) throw new BadSeal('The length inside Encrypt is wrong.');
  return { message: plain.toString('utf8', RANDOM + LENGTH, end), appid: plain.toString('utf8', end) };
}

function keyOf(encodingAesKey: string): Buffer {
  return Buffer.from(`${encodingAesKey}=`, 'base64');
}
