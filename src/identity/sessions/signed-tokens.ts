import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { SignJWT, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { sha256 } from '../../platform/crypto/index.js';
import { isId, now, nowDate } from '../../platform/values/index.js';

const ISSUER = 'bailiao';
/** Fixed: a token does not choose how it is checked (RFC 8725 section 3.1). */
const ALGORITHM = 'HS256';
const CLOCK_TOLERANCE_SECONDS = 5;
const LONGEST = 2_048;
/** HS256 signs 32 bytes: 43 characters, the last of which has two unused bits. Only the one spelling is taken, so that any changed byte makes another, refused token. */
const CANONICAL = /^[\w-]+\.[\w-]+\.[\w-]{42}[AEIMQUYcgkosw048]$/;

/** What a token says. */
export interface TokenClaims {
  readonly subject: string;
  readonly audience: string;
  /** The session or login that the token belongs to. */
  readonly sessionId: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Makes and checks the JSON Web Tokens (RFC 7519) of one type. Each type has a
 * key of its own, derived from the secret, so that one never passes for another.
 */
export class SignedTokens {
  private readonly key: KeyObject;
  /** By the hash of the whole token; a hit saves the signature, not the expiry. */
  private readonly verified: LRUCache<string, TokenClaims>;

  constructor(secret: Uint8Array, private readonly type: 'access' | 'staff', private readonly lifeSeconds: number, remembered: number) {
    this.key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', `bailiao ${type} tokens`, 32)));
    this.verified = new LRUCache({ max: remembered });
  }

  /** Seconds that a new token lives. */
  get life(): number {
    return this.lifeSeconds;
  }

  async issue(subject: string, audience: string, sessionId: string): Promise<string> {
    const issuedAt = Math.floor(now() / 1000);
    return new SignJWT({ typ: this.type, sid: sessionId })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setSubject(subject)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + this.lifeSeconds)
      .sign(this.key);
  }

  /** The claims, or undefined for anything that we did not sign, of another type, or expired. */
  async verify(token: string): Promise<TokenClaims | undefined> {
    if (token.length > LONGEST || !CANONICAL.test(token)) return undefined;
    const hash = sha256(token);
    const known = this.verified.get(hash);
    const claims = known ?? (await this.check(token));
    if (claims === undefined || claims.expiresAt + CLOCK_TOLERANCE_SECONDS * 1_000 <= now()) return undefined;
    if (known === undefined) this.verified.set(hash, claims);
    return claims;
  }

  private async check(token: string): Promise<TokenClaims | undefined> {
    const verified = await jwtVerify(token, this.key, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: nowDate(),
      requiredClaims: ['sub', 'aud', 'sid', 'iat', 'exp', 'typ'],
    }).catch(() => undefined);
    if (verified === undefined) return undefined;
    const { sub, aud, sid, exp, typ } = verified.payload;
    if (typ !== this.type || typeof sub !== 'string' || !isId(sub) || typeof aud !== 'string' || typeof sid !== 'string' || !isId(sid) || exp === undefined) return undefined;
    return { subject: sub, audience: aud, sessionId: sid, expiresAt: exp * 1_000 };
  }
}
