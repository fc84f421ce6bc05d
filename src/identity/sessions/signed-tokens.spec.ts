import { createSecretKey, hkdfSync } from 'node:crypto';
import fc from 'fast-check';
import { SignJWT, UnsecuredJWT, decodeJwt } from 'jose';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newId } from '../../platform/values/index.js';
import { SignedTokens } from './signed-tokens.js';

const secret = new TextEncoder().encode('a secret of more than thirty-two characters');
const tokens = new SignedTokens(secret, 'access', 900, 100);
const [user, tenant, session] = [newId(), newId(), newId()];

afterEach(() => vi.useRealTimers());

function fresh(): SignedTokens {
  return new SignedTokens(secret, 'access', 900, 100);
}

/** A token with our own key, but with claims or a header of the test's choice. */
async function forged(claims: Record<string, unknown>, alg = 'HS256'): Promise<string> {
  const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'bailiao access tokens', 32)));
  const now = Math.floor(Date.now() / 1000);
  const whole = { iss: 'bailiao', sub: user, aud: tenant, sid: session, typ: 'access', iat: now, exp: now + 60, ...claims };
  const given = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
  return new SignJWT(given).setProtectedHeader({ alg }).sign(alg === 'HS256' ? key : createSecretKey(Buffer.alloc(64, 1)));
}

describe('SignedTokens', () => {
  it('reads back what it issued', async () => {
    const claims = await tokens.verify(await tokens.issue(user, tenant, session));
    expect(claims).toMatchObject({ subject: user, audience: tenant, sessionId: session });
    expect(claims?.expiresAt).toBeGreaterThan(Date.now() + 890_000);
  });

  it('refuses a token with any character changed, left out or added, also right after it took the true one', async () => {
    const token = await tokens.issue(user, tenant, session);
    expect(await tokens.verify(token)).toBeDefined();
    const position = fc.nat(token.length - 1);
    const character = fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code));
    const tampered = fc.oneof(
      fc.tuple(position, character).map(([at, other]) => token.slice(0, at) + other + token.slice(at + 1)),
      position.map((at) => token.slice(0, at) + token.slice(at + 1)),
      fc.tuple(position, character).map(([at, more]) => token.slice(0, at) + more + token.slice(at)),
    );
    await fc.assert(
      fc.asyncProperty(tampered.filter((other) => other !== token), async (other) => {
        expect(await tokens.verify(other)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('refuses every other spelling of the last character, which decodes to the same signature', async () => {
    const token = await tokens.issue(user, tenant, session);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const taken: string[] = [];
    for (const last of alphabet) if (await tokens.verify(token.slice(0, -1) + last)) taken.push(last);
    expect(taken).toEqual([token.slice(-1)]);
  });

  it('refuses tokens of another type or secret', async () => {
    const staff = new SignedTokens(secret, 'staff', 900, 100);
    expect(await tokens.verify(await staff.issue(user, tenant, session))).toBeUndefined();
    expect(await staff.verify(await tokens.issue(user, tenant, session))).toBeUndefined();
    const foreign = new SignedTokens(new TextEncoder().encode('another secret of more than 32 characters'), 'access', 900, 100);
    expect(await tokens.verify(await foreign.issue(user, tenant, session))).toBeUndefined();
  });

  it('refuses unsigned tokens and other algorithms', async () => {
    const body = decodeJwt(await tokens.issue(user, tenant, session));
    expect(await tokens.verify(new UnsecuredJWT(body).encode())).toBeUndefined();
    expect(await tokens.verify(`${new UnsecuredJWT(body).encode()}${'A'.repeat(43)}`)).toBeUndefined();
    expect(await tokens.verify(await forged({}, 'HS512'))).toBeUndefined();
  });

  it.each([
    ['no subject', { sub: undefined }],
    ['a subject that is no id', { sub: 'root' }],
    ['no session', { sid: undefined }],
    ['no expiry', { exp: undefined }],
    ['no audience', { aud: undefined }],
    ['several audiences', { aud: [tenant, newId()] }],
    ['another issuer', { iss: 'somebody' }],
    ['another type in the claim', { typ: 'staff' }],
  ])('refuses our own signature over %s', async (_, claims) => {
    expect(await fresh().verify(await forged({}))).toBeDefined();
    expect(await fresh().verify(await forged(claims))).toBeUndefined();
  });

  it('refuses a token after its time, though it was taken before, with 5 seconds for clocks that differ', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const token = await tokens.issue(user, tenant, session);
    expect(await tokens.verify(token)).toBeDefined();
    vi.setSystemTime(Date.now() + 903_000);
    expect(await tokens.verify(token)).toBeDefined();
    expect(await fresh().verify(token)).toBeDefined();
    vi.setSystemTime(Date.now() + 3_000);
    expect(await tokens.verify(token)).toBeUndefined();
    expect(await fresh().verify(token)).toBeUndefined();
  });
});
