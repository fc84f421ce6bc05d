import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { MasterKeys } from './seal.js';

const MOST_KEYS = 10_000;
const KEY_BYTES = 32;

/**
 * Names texts without telling them: whoever has the names alone can't try words against them, and equal texts of two
 * tenants have different names. HMAC-SHA256 under a key of the tenant's, derived from the newest master key
 * (HKDF, RFC 5869). Text form: `v<key version>.<base64url>`; names under two versions can't be compared.
 */
export class TenantDigest {
  private readonly keys = new LRUCache<string, KeyObject>({ max: MOST_KEYS });

  /** @param purpose tells names of one kind from those of another. */
  constructor(private readonly masterKeys: MasterKeys, private readonly purpose: string) {}

  of(tenantId: string, text: string): string {
    return `v${this.masterKeys.current}.${createHmac('sha256', this.key(tenantId)).update(text).digest('base64url')}`;
  }

  private key(tenantId: string): KeyObject {
    const known = this.keys.get(tenantId);
    if (known !== undefined) return known;
    const master = this.masterKeys.byVersion.get(this.masterKeys.current);
    if (master === undefined) throw new Error(`no master key of version ${this.masterKeys.current}`);
    const key = createSecretKey(Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), JSON.stringify(['digest', this.purpose, tenantId]), KEY_BYTES)));
    this.keys.set(tenantId, key);
    return key;
  }
}
