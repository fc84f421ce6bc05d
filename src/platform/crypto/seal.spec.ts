import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sealer } from './seal.js';

const place = { tenantId: 't1', row: 'r1', field: 'app_secret' };
const sealer = new Sealer({ current: 2, byVersion: new Map([[1, randomBytes(32)], [2, randomBytes(32)]]) });

describe('Sealer', () => {
  it('opens what it sealed, whatever the text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      fc.pre(text.isWellFormed());
      expect(sealer.open(sealer.seal(text, place), place)).toBe(text);
    }));
  });

  it('does not open a value that was moved to another tenant, row or field', () => {
    const sealed = sealer.seal('secret', place);
    for (const other of [{ ...place, tenantId: 't2' }, { ...place, row: 'r2' }, { ...place, field: 'other' }]) {
      expect(() => sealer.open(sealed, other)).toThrow();
    }
  });

  it('does not open a value with any bit flipped', () => {
    const sealed = sealer.seal('secret', place);
    const [version, nonce, body] = sealed.split('.') as [string, string, string];
    const bytes = Buffer.from(body, 'base64url');
    for (let at = 0; at < bytes.length * 8; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at >> 3] = (changed[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(() => sealer.open(`${version}.${nonce}.${changed.toString('base64url')}`, place)).toThrow();
    }
  });

  it('refuses a truncated tag and an unknown key version', () => {
    const sealed = sealer.seal('secret', place);
    expect(() => sealer.open(sealed.slice(0, -8), place)).toThrow();
    expect(() => sealer.open(sealed.replace(/^v2/, 'v3'), place)).toThrow('no master key');
  });
});
