import { createHash, timingSafeEqual } from 'node:crypto';
import { PushRefused } from './push-settings.js';

/** The query of a push, as it came; a name that came twice is none of WeChat's. */
export type PushQuery = Readonly<Record<string, unknown>>;

/** Letters from further away than this, in seconds, are refused: WeChat sends again with a time of its own. */
const WINDOW_SECONDS = 300;
const SIGNATURE = /^[0-9a-f]{40}$/;

/** SHA-1, hex, of the sorted parts (reference: 11). */
export function signatureOf(parts: readonly string[]): string {
  return createHash('sha1').update([...parts].sort().join('')).digest('hex');
}

/** A parameter that must be there, once. @throws PushRefused */
export function parameter(query: PushQuery, name: string, form: RegExp): string {
  const value = query[name];
  if (typeof value !== 'string' || !form.test(value)) throw new PushRefused('query');
  return value;
}

/**
 * Checks that somebody who knows the token signed this moment, and in `field` = `msg_signature` also the ciphertext.
 * @throws PushRefused
 */
export function checkSignature(query: PushQuery, field: 'signature' | 'msg_signature', token: string, ciphertext: readonly string[], now: Date): void {
  const timestamp = parameter(query, 'timestamp', /^\d{1,12}$/);
  const nonce = parameter(query, 'nonce', /^[\x21-\x7e]{1,128}$/);
  const given = parameter(query, field, SIGNATURE);
  const expected = signatureOf([token, timestamp, nonce, ...ciphertext]);
  if (!timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(expected, 'hex'))) throw new PushRefused('signature');
  if (Math.abs(now.getTime() / 1000 - parseInt(timestamp, 10)) > WINDOW_SECONDS) throw new PushRefused('timestamp');
}
