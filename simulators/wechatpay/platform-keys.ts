import { createHash, createPrivateKey, createPublicKey, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { selfSigned } from './x509.js';
import type { KeyObject } from 'node:crypto';

const YEARS_5_MS = 5 * 365 * 24 * 3_600_000;
const generate = promisify(generateKeyPair);

/** Which of WeChat Pay's two signing schemes a merchant has; `mixed` = in the middle of the switch. */
export const MODES = ['public_key', 'certificate', 'mixed'] as const;
export type Mode = (typeof MODES)[number];

/** What of the keys is kept over a restart: PEM texts and the certificate's serial. */
export interface SavedKeys {
  readonly publicKeyMode: string;
  readonly certificateMode: string;
  readonly serial: string;
  readonly from: number;
}

/** A key to sign with and the name that goes into `Wechatpay-Serial`. */
export interface Signer {
  readonly key: KeyObject;
  readonly serial: string;
}

/** WeChat Pay's own side of the signatures: one pair for the public-key scheme, one below a platform certificate. */
export class PlatformKeys {
  readonly #publicKeyMode: KeyObject;
  readonly #certificateMode: KeyObject;
  readonly saved: SavedKeys;
  readonly certificateSerial: string;
  readonly certificatePem: string;
  readonly validFrom: number;
  readonly validUntil: number;

  constructor(saved: SavedKeys) {
    this.saved = saved;
    this.#publicKeyMode = createPrivateKey(saved.publicKeyMode);
    this.#certificateMode = createPrivateKey(saved.certificateMode);
    this.certificateSerial = saved.serial;
    this.validFrom = saved.from;
    this.validUntil = saved.from + YEARS_5_MS;
    this.certificatePem = selfSigned({
      privateKey: this.#certificateMode,
      publicKey: createPublicKey(this.#certificateMode),
      serial: saved.serial,
      name: 'Simulated WeChat Pay platform certificate',
      from: new Date(this.validFrom),
      until: new Date(this.validUntil),
    });
  }

  /** Makes new pairs, RSA-2048. */
  static async generate(): Promise<PlatformKeys> {
    const pem = async (): Promise<string> => (await generate('rsa', { modulusLength: 2048 })).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const [publicKeyMode, certificateMode] = await Promise.all([pem(), pem()]);
    // A serial that begins with a digit below 8 needs no padding in DER, as real ones.
    const serial = `5${randomBytes(20).toString('hex').toUpperCase().slice(1)}`;
    return new PlatformKeys({ publicKeyMode, certificateMode, serial, from: Date.now() - 24 * 3_600_000 });
  }

  get publicKeyPem(): string {
    return spki(this.#publicKeyMode);
  }

  get certificateKeyPem(): string {
    return spki(this.#certificateMode);
  }

  publicKeySigner(merchantId: string): Signer {
    return { key: this.#publicKeyMode, serial: publicKeyId(merchantId) };
  }

  certificateSigner(): Signer {
    return { key: this.#certificateMode, serial: this.certificateSerial };
  }

  /**
   * Who signs the answer to a request that names `asked` in `Wechatpay-Serial`, or undefined when
   * this merchant has no such key. Without the header a merchant in the middle of the switch gets
   * the certificate; before the switch it is the certificate, even if the header names the public key.
   */
  answerSigner(merchantId: string, mode: Mode, asked: string | undefined): Signer | undefined {
    const own = this.publicKeySigner(merchantId);
    const known = asked === undefined || asked === own.serial || (mode !== 'public_key' && asked === this.certificateSerial);
    if (!known) return undefined;
    if (mode === 'public_key') return own;
    return mode === 'mixed' && asked === own.serial ? own : this.certificateSigner();
  }

  /** Who signs the n-th notification: in the middle of the switch both take turns. */
  noticeSigner(merchantId: string, mode: Mode, turn: number): Signer {
    if (mode === 'certificate') return this.certificateSigner();
    return mode === 'mixed' && turn % 2 === 1 ? this.certificateSigner() : this.publicKeySigner(merchantId);
  }
}

/** `PUB_KEY_ID_` and 34 digits that belong to the merchant. */
export function publicKeyId(merchantId: string): string {
  const digits = /^\d{1,10}$/u.test(merchantId) ? merchantId : (createHash('sha256').update(merchantId).digest().readUInt32BE() % 1_000_000_000).toString();
  return `PUB_KEY_ID_01${digits.padStart(10, '0')}2026010100000000000001`;
}

function spki(privateKey: KeyObject): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
}
