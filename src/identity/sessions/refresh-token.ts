import { randomToken, sha256 } from '../../platform/crypto/index.js';

/** `<tenant id>.<32 random bytes as base64url>`: carries its tenant, so that a refresh needs no header. Only its hash is stored. */
const FORM = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.[\w-]{43}$/;

export interface RefreshToken {
  readonly tenantId: string;
  /** SHA-256 of the whole token, hex. */
  readonly hash: string;
}

export function makeRefreshToken(tenantId: string): { readonly token: string; readonly hash: string } {
  const token = `${tenantId}.${randomToken(32)}`;
  return { token, hash: sha256(token) };
}

/** Undefined for what can't be one of ours. */
export function readRefreshToken(token: string): RefreshToken | undefined {
  const tenantId = FORM.exec(token)?.[1];
  return tenantId === undefined ? undefined : { tenantId, hash: sha256(token) };
}
