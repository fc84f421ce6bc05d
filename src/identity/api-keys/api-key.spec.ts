import { describe, expect, it } from 'vitest';
import { KEY_NAME, hashOfKey, isApiKey, makeApiKey } from './api-key.js';

describe('API keys', () => {
  it('are letters and digits after bk_, with at least 256 bits that are not shown', () => {
    const { key, prefix, hash } = makeApiKey();
    expect(key).toMatch(/^bk_[0-9A-Za-z]{51}$/);
    expect(key.startsWith(prefix)).toBe(true);
    expect((key.length - prefix.length) * Math.log2(62)).toBeGreaterThan(256);
    expect(hashOfKey(key)).toBe(hash);
    expect(isApiKey(key)).toBe(true);
  });

  it('use the whole alphabet and never repeat', () => {
    const keys = Array.from({ length: 500 }, () => makeApiKey().key);
    expect(new Set(keys).size).toBe(500);
    expect(new Set(keys.flatMap((key) => [...key.slice(3)])).size).toBe(62);
  });

  it('of another form have no hash', () => {
    const { key } = makeApiKey();
    for (const wrong of ['bk_', key.slice(0, -1), `${key}0`, `${key}\n`, key.replace('bk_', 'sk_'), `${key.slice(0, -1)}-`]) expect(hashOfKey(wrong)).toBeUndefined();
  });

  it('have names that PostgreSQL takes', () => {
    expect(KEY_NAME.test('我的服务器')).toBe(true);
    expect(KEY_NAME.test('\u{1F600}'.repeat(60))).toBe(true);
    for (const wrong of ['', ' ', '\u{1F600}'.repeat(61), 'a\nb']) expect(KEY_NAME.test(wrong)).toBe(false);
  });
});
