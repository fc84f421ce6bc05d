import { randomInt } from 'node:crypto';
import { sha256 } from '../../platform/crypto/index.js';

/** A developer's key for the OpenAI-compatible endpoint. The key itself is shown once and stored hashed. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** The key's first characters, to tell keys apart. */
  readonly prefix: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Exact to about a minute. */
  readonly lastUsedAt: number | undefined;
}

/** Whose a key is. */
export interface KeyOwner {
  readonly tenantId: string;
  readonly userId: string;
  readonly keyId: string;
}

/** 1 to 60 characters (code points), not only blanks, no control characters. */
export const KEY_NAME = /^(?=.*\S)[^\p{Cc}]{1,60}$/u;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const SHOWN = 8;
/** 43 characters of 62 are 256 bits, beside the shown ones. */
const SECRET = 43;
const FORM = new RegExp(`^bk_[0-9A-Za-z]{${SHOWN + SECRET}}$`);

/** `bk_` + 8 shown + 43 secret characters, letters and digits only, so that a double click takes it whole. */
export function makeApiKey(): { readonly key: string; readonly prefix: string; readonly hash: string } {
  const random = Array.from({ length: SHOWN + SECRET }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
  const key = `bk_${random}`;
  return { key, prefix: key.slice(0, 3 + SHOWN), hash: sha256(key) };
}

/** Whether a bearer token wants to be an API key. */
export function isApiKey(token: string): boolean {
  return token.startsWith('bk_');
}

/** The hash that a key is stored under; undefined for what can't be one. */
export function hashOfKey(key: string): string | undefined {
  return FORM.test(key) ? sha256(key) : undefined;
}
