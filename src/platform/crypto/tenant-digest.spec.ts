import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { TenantDigest } from './tenant-digest.js';

const masterKeys = (current: number) => ({ current, byVersion: new Map([[1, Buffer.alloc(32, 1)], [2, Buffer.alloc(32, 2)]]) });

describe('TenantDigest', () => {
  it('is the same for the same text of a tenant, in every process', () => {
    expect(new TenantDigest(masterKeys(1), 'verdict').of('t1', '你好')).toBe(new TenantDigest(masterKeys(1), 'verdict').of('t1', '你好'));
  });

  it('differs by text, tenant, purpose and master key', () => {
    const one = new TenantDigest(masterKeys(1), 'verdict');
    const names = [one.of('t1', '你好'), one.of('t1', '你好 '), one.of('t2', '你好'), new TenantDigest(masterKeys(1), 'other').of('t1', '你好'), new TenantDigest(masterKeys(2), 'verdict').of('t1', '你好')];
    expect(new Set(names.map((name) => name.slice(3))).size).toBe(names.length);
    expect(names.map((name) => name.slice(0, 3))).toEqual(['v1.', 'v1.', 'v1.', 'v1.', 'v2.']);
  });

  it('is nothing that the text alone gives', () => {
    const name = new TenantDigest(masterKeys(1), 'verdict').of('t1', '你好').slice(3);
    expect([name, Buffer.from(name, 'base64url').length]).not.toEqual([createHash('sha256').update('你好').digest('base64url'), 32]);
    expect(name).toHaveLength(43);
  });

  it('names no text without its master key', () => {
    expect(() => new TenantDigest({ current: 3, byVersion: new Map() }, 'verdict').of('t1', 'x')).toThrow('no master key');
  });
});
