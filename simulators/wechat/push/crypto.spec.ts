import { readFileSync } from 'node:fs';
import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BadSeal, seal, signatureOf, unseal } from './crypto.js';

const VECTOR = JSON.parse(readFileSync(new URL('message-push.fixture.json', import.meta.url), 'utf8')) as Record<'token' | 'timestamp' | 'nonce' | 'signature' | 'encoding_aes_key' | 'appid' | 'random16_utf8' | 'plaintext' | 'Encrypt' | 'msg_signature', string>;
const KEY = VECTOR.encoding_aes_key;

describe('the crypto of message push', () => {
  it('makes the published signature, and that of the sealed text', () => {
    expect(signatureOf(VECTOR.token, VECTOR.timestamp, VECTOR.nonce)).toBe(VECTOR.signature);
    expect(signatureOf(VECTOR.token, VECTOR.timestamp, VECTOR.nonce, VECTOR.Encrypt)).toBe(VECTOR.msg_signature);
  });

  it('seals and opens as the vector', () => {
    expect(seal(VECTOR.plaintext, KEY, VECTOR.appid, Buffer.from(VECTOR.random16_utf8, 'utf8'))).toBe(VECTOR.Encrypt);
    expect(unseal(VECTOR.Encrypt, KEY)).toEqual({ message: VECTOR.plaintext, appid: VECTOR.appid });
  });

  it('opens whatever it sealed, in whole blocks of 32', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (message) => {
        const sealed = seal(message, KEY, 'wx1');
        expect(Buffer.from(sealed, 'base64').length % 32).toBe(0);
        expect(unseal(sealed, KEY)).toEqual({ message, appid: 'wx1' });
      }),
    );
  });

  it.each([
    ['no Base64', '***'],
    ['half a block', Buffer.alloc(16).toString('base64')],
    ['nothing', ''],
    ['another key', seal('x', `${KEY.slice(0, 42)}4`.replace(/^./u, 'Z'), 'wx1')],
    ['nothing but padding', sealedWith(Buffer.alloc(16, 16))],
    ['a length beyond the end', sealedWith(Buffer.concat([Buffer.alloc(16), Buffer.from([0, 0, 0, 99]), Buffer.alloc(12, 12)]))],
  ])('refuses %s', (_, sealed) => {
    expect(() => unseal(sealed, KEY)).toThrow(BadSeal);
  });
});

function sealedWith(plain: Buffer): string {
  const key = Buffer.from(`${KEY}=`, 'base64');
  const cipher = createCipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false);
  const whole = plain.length % 32 === 0 ? plain : Buffer.concat([Buffer.alloc(16), plain]);
  return Buffer.concat([cipher.update(whole), cipher.final()]).toString('base64');
}
