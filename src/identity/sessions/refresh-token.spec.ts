import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '../../platform/values/index.js';
import { makeRefreshToken, readRefreshToken } from './refresh-token.js';

describe('refresh tokens', () => {
  it('carry their tenant, and are found by the hash that was stored', () => {
    const tenantId = newId();
    const { token, hash } = makeRefreshToken(tenantId);
    expect(readRefreshToken(token)).toEqual({ tenantId, hash });
    expect(hash).not.toContain(token.slice(37, 45));
  });

  it('never repeat', () => {
    const tenantId = newId();
    expect(new Set(Array.from({ length: 1_000 }, () => makeRefreshToken(tenantId).token)).size).toBe(1_000);
  });

  it('moved to another tenant have another hash', () => {
    const { token, hash } = makeRefreshToken(newId());
    const other = newId();
    expect(readRefreshToken(other + token.slice(36))).toMatchObject({ tenantId: other, hash: expect.not.stringMatching(hash) });
  });

  it('of another form are not looked up at all', () => {
    const { token } = makeRefreshToken(newId());
    for (const wrong of ['', token.slice(1), `${token}a`, token.toUpperCase(), token.replace('.', ':'), `${token}\n`]) expect(readRefreshToken(wrong)).toBeUndefined();
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => readRefreshToken(text) === undefined));
  });
});
