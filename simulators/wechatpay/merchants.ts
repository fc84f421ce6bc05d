import { createPublicKey } from 'node:crypto';
import { ControlError } from './api-error.js';
import { MODES } from './platform-keys.js';
import type { KeyObject } from 'node:crypto';
import type { Mode } from './platform-keys.js';

const MOST_MERCHANTS = 10_000;
const MOST_APPS = 100;

/** A merchant as WeChat Pay knows it. */
export interface Merchant {
  readonly merchant_id: string;
  readonly app_ids: readonly string[];
  readonly api_v3_key: string;
  readonly merchant_serial: string;
  readonly merchant_public_key: string;
  readonly mode: Mode;
}

interface Known {
  readonly merchant: Merchant;
  readonly key: KeyObject;
}

/** The registered merchants, and the balances of those that have one. */
export class Merchants {
  readonly #known = new Map<string, Known>();
  readonly #balances = new Map<string, number>();
  readonly #save: (kind: 'merchant' | 'balance', value: unknown) => void;

  constructor(save: (kind: 'merchant' | 'balance', value: unknown) => void = () => undefined) {
    this.#save = save;
  }

  /** Registers a merchant or replaces its keys. Throws {@link ControlError} for fields that cannot be meant. */
  register(body: Record<string, unknown>): Merchant {
    const { balance_fen: balance, ...rest } = body;
    const merchant = parseMerchant(rest);
    if (balance !== undefined && (typeof balance !== 'number' || !Number.isSafeInteger(balance) || balance < 0)) throw new ControlError(400, '"balance_fen" must be an integer, 0 or more.');
    if (this.#known.size >= MOST_MERCHANTS && !this.#known.has(merchant.merchant_id)) throw new ControlError(507, 'Too many merchants.');
    this.restore(merchant);
    this.#save('merchant', merchant);
    if (balance !== undefined) {
      this.#balances.set(merchant.merchant_id, balance);
      this.#save('balance', { merchant_id: merchant.merchant_id, balance });
    }
    return merchant;
  }

  /** Takes over a merchant that an earlier process accepted. */
  restore(merchant: Merchant): void {
    this.#known.set(merchant.merchant_id, { merchant, key: publicKey(merchant.merchant_public_key) });
  }

  restoreBalance(merchantId: string, balance: number): void {
    this.#balances.set(merchantId, balance);
  }

  get(merchantId: string): Merchant | undefined {
    return this.#known.get(merchantId)?.merchant;
  }

  keyOf(merchantId: string): KeyObject | undefined {
    return this.#known.get(merchantId)?.key;
  }

  list(): Merchant[] {
    return [...this.#known.values()].map(({ merchant }) => merchant);
  }

  /** Balance in fen; undefined = unlimited. */
  balanceOf(merchantId: string): number | undefined {
    return this.#balances.get(merchantId);
  }

  /** Adds to the balance, or takes from it; nothing where the balance is unlimited. */
  move(merchantId: string, fen: number): void {
    const balance = this.#balances.get(merchantId);
    if (balance === undefined) return;
    this.#balances.set(merchantId, balance + fen);
    this.#save('balance', { merchant_id: merchantId, balance: balance + fen });
  }
}

function parseMerchant(body: Record<string, unknown>): Merchant {
  const { merchant_id: id, app_ids: apps, api_v3_key: key, merchant_serial: serial, merchant_public_key: pem, mode = 'public_key', ...unknown } = body;
  const extra = Object.keys(unknown)[0];
  if (extra !== undefined) throw new ControlError(400, `Unknown field "${extra}".`);
  if (typeof id !== 'string' || !/^[\w-]{1,32}$/u.test(id)) throw new ControlError(400, '"merchant_id" must be a merchant number.');
  if (!Array.isArray(apps) || apps.length === 0 || apps.length > MOST_APPS || !apps.every(isId)) throw new ControlError(400, `"app_ids" must be a list of 1 to ${MOST_APPS} AppIDs.`);
  if (typeof key !== 'string' || !/^[0-9A-Za-z]{32}$/u.test(key)) throw new ControlError(400, '"api_v3_key" must be 32 letters and digits.');
  if (typeof serial !== 'string' || !/^[0-9A-Fa-f]{8,64}$/u.test(serial)) throw new ControlError(400, '"merchant_serial" must be the hex serial of the API certificate.');
  if (typeof pem !== 'string' || pem.length > 8192) throw new ControlError(400, '"merchant_public_key" must be a PEM.');
  if (!MODES.some((known) => known === mode)) throw new ControlError(400, `"mode" must be one of ${MODES.join(', ')}.`);
  publicKey(pem);
  return { merchant_id: id, app_ids: apps, api_v3_key: key, merchant_serial: serial, merchant_public_key: pem, mode: mode as Mode };
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^\w{1,32}$/u.test(value);
}

function publicKey(pem: string): KeyObject {
  try {
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'rsa' && !pem.includes('PRIVATE')) return key;
  } catch {
    // Told below: what is no key at all is refused as what is no RSA key.
  }
  throw new ControlError(400, '"merchant_public_key" must be an RSA public key (SPKI PEM).');
}
