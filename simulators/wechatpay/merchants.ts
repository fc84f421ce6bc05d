import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SigningKey, SimulatorKeys } from './keys.js';

/** Which of WeChat's keys a merchant gets its answers signed with. */
export type KeyMode = 'public_key' | 'certificate' | 'mixed';

/** A merchant as it was registered, and as the journal keeps it. */
export interface StoredMerchant {
  readonly merchantId: string;
  readonly appIds: readonly string[];
  readonly apiV3Key: string;
  readonly serial: string;
  readonly publicKey: string;
  readonly mode: KeyMode;
}

export interface Merchant extends StoredMerchant {
  readonly key: KeyObject;
}

const MOST = 10_000;

/** Merchants by number. */
export class Merchants {
  readonly #byId = new Map<string, Merchant>();

  /** False when there are too many. Throws for a key that is no public key. */
  put(stored: StoredMerchant): boolean {
    if (!this.#byId.has(stored.merchantId) && this.#byId.size >= MOST) return false;
    this.#byId.set(stored.merchantId, { ...stored, key: createPublicKey(stored.publicKey) });
    return true;
  }

  get(merchantId: string): Merchant | undefined {
    return this.#byId.get(merchantId);
  }
}

/** The key of an answer (reference 2.1): the one that the request names, where the merchant's mode knows it. */
export function answerKey(keys: SimulatorKeys, merchant: Merchant, named: string | undefined): SigningKey {
  if (merchant.mode === 'certificate') return keys.certificate;
  if (merchant.mode === 'mixed') return named === keys.publicKey.serial ? keys.publicKey : keys.certificate;
  return keys.publicKey;
}

/** The key of a letter: WeChat decides by itself, and in the mixed period either may come. */
export function letterKey(keys: SimulatorKeys, merchant: Merchant): SigningKey {
  if (merchant.mode === 'mixed') return Math.random() < 0.5 ? keys.publicKey : keys.certificate;
  return merchant.mode === 'certificate' ? keys.certificate : keys.publicKey;
}
