import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Where a sealed value lives. It is bound into the seal, so that a ciphertext moved to another tenant, row or field does not open. */
export interface SealPlace {
  readonly tenantId: string;
  readonly row: string;
  readonly field: string;
}

/** Master keys by version; the newest seals, all of them open. Each is 32 bytes. */
export interface MasterKeys {
  readonly current: number;
  readonly byVersion: ReadonlyMap<number, Uint8Array>;
}

/**
 * Seals secrets with AES-256-GCM (NIST SP 800-38D: 96-bit random nonce,
 * 128-bit tag). Text form: `v<key version>.<nonce>.<ciphertext and tag>`, base64url.
 */
export class Sealer {
  constructor(private readonly keys: MasterKeys) {}

  seal(plain: string, place: SealPlace): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key(this.keys.current), nonce);
    cipher.setAAD(additionalData(place));
    const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `v${this.keys.current}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`;
  }

  /** @throws Error when the value was changed, moved, or sealed under a key that is not here. The message holds nothing of the value. */
  open(sealed: string, place: SealPlace): string {
    const parts = /^v(\d+)\.([\w-]{16})\.([\w-]{22,})$/.exec(sealed);
    if (!parts?.[1] || !parts[2] || !parts[3]) throw new Error('sealed value has an unknown form');
    const body = Buffer.from(parts[3], 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', this.key(parseInt(parts[1], 10)), Buffer.from(parts[2], 'base64url'), { authTagLength: 16 });
    decipher.setAAD(additionalData(place));
    decipher.setAuthTag(body.subarray(-16));
    return Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]).toString('utf8');
  }

  private key(version: number): Uint8Array {
    const key = this.keys.byVersion.get(version);
    if (key === undefined) throw new Error(`no master key of version ${version}`);
    return key;
  }
}

function additionalData(place: SealPlace): Buffer {
  return Buffer.from(JSON.stringify([place.tenantId, place.row, place.field]));
}
