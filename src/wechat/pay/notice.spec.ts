import { createCipheriv, createSign, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VECTORS, VECTOR_MERCHANT as merchant, lowerCase } from '../../../test/kit/wechat-vectors.js';
import { decryptResource } from './decrypt.js';
import { NoticeRefused, verifyNotice } from './notice.js';
import { signatureFault } from './signature.js';

const payment = VECTORS.notify_transaction_success;
const refund = VECTORS.notify_refund_success;
const at = (headers: Readonly<Record<string, string>>, offsetSeconds = 0): Date => new Date((parseInt(headers['Wechatpay-Timestamp'] ?? '', 10) + offsetSeconds) * 1000);

function reasonOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof NoticeRefused) return error.reason;
    throw error;
  }
  return 'accepted';
}

const read = (headers: Record<string, string>, body: Buffer, now = at(payment.headers), as = merchant): string => reasonOf(() => verifyNotice(as, headers, body, now));
const flip = (bytes: Buffer, bit: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};

describe('verifyNotice', () => {
  it('reads the letter of a payment', () => {
    expect(verifyNotice(merchant, lowerCase(payment.headers), Buffer.from(payment.body), at(payment.headers))).toEqual({
      id: '8f2b1c34-5d6e-5f70-8192-a3b4c5d6e7f8', kind: 'payment', eventType: 'TRANSACTION.SUCCESS',
      trade: {
        appId: merchant.appId, merchantId: merchant.merchantId, outTradeNo: 'CHAT20261120000001', state: 'SUCCESS', transactionId: '4200002618202611200000000001', tradeType: 'JSAPI',
        total: 1990n, payerTotal: 1990n, currency: 'CNY', openid: 'oTESTaBcDeFgHiJkLmNoPqRsTuVw', succeededAt: new Date('2026-11-20T04:00:05Z'),
      },
    });
  });

  it('reads the letter of a refund', () => {
    const notice = verifyNotice(merchant, lowerCase(refund.headers), Buffer.from(refund.body), at(refund.headers));
    expect(notice.kind === 'refund' && [notice.refund.outTradeNo, notice.refund.state, notice.refund.refund > 0n]).toEqual(['CHAT20261120000001', 'SUCCESS', true]);
  });

  it.each([[-299, 'accepted'], [299, 'accepted'], [300, 'timestamp'], [-300, 'timestamp'], [1e9, 'timestamp']])('%s seconds away: %s', (offset, outcome) => {
    expect(read(lowerCase(payment.headers), Buffer.from(payment.body), at(payment.headers, offset))).toBe(outcome);
  });

  it('refuses a probe as any other bad signature', () => {
    expect(read(lowerCase(VECTORS.notify_signature_probe.headers), Buffer.from(payment.body))).toBe('probe');
  });

  it.each(['wechatpay-timestamp', 'wechatpay-nonce', 'wechatpay-serial', 'wechatpay-signature'])('refuses a letter without %s', (name) => {
    const rest = Object.entries(lowerCase(payment.headers)).filter(([each]) => each !== name);
    expect(read(Object.fromEntries(rest), Buffer.from(payment.body))).toBe('headers');
  });

  it.each([
    ['an unknown serial', { 'wechatpay-serial': 'PUB_KEY_ID_0000' }, 'serial'],
    ['a serial that objects have', { 'wechatpay-serial': 'constructor' }, 'serial'],
    ['another nonce', { 'wechatpay-nonce': 'x' }, 'signature'],
    ['another signature type', { 'wechatpay-signature-type': 'WECHATPAY2-SM2-WITH-SM3' }, 'headers'],
    ['a signature that is no base64', { 'wechatpay-signature': '?' }, 'signature'],
    ['a time that is no number', { 'wechatpay-timestamp': '1e9' }, 'headers'],
  ])('refuses %s', (_, changed, reason) => {
    expect(read({ ...lowerCase(payment.headers), ...changed }, Buffer.from(payment.body))).toBe(reason);
  });

  it('refuses the letter when any bit of its body is flipped', () => {
    const body = Buffer.from(payment.body);
    fc.assert(fc.property(fc.integer({ min: 0, max: body.length * 8 - 1 }), (bit) => {
      expect(read(lowerCase(payment.headers), flip(body, bit))).toBe('signature');
    }));
  });

  it('refuses the letter when any bit of its signature is flipped', () => {
    const signature = Buffer.from(payment.headers['Wechatpay-Signature'] ?? '', 'base64');
    fc.assert(fc.property(fc.integer({ min: 0, max: signature.length * 8 - 1 }), (bit) => {
      expect(read({ ...lowerCase(payment.headers), 'wechatpay-signature': flip(signature, bit).toString('base64') }, Buffer.from(payment.body))).toBe('signature');
    }));
  });

  it('refuses what opens under another APIv3 key only', () => {
    expect(read(lowerCase(payment.headers), Buffer.from(payment.body), undefined, { ...merchant, apiV3Key: merchant.apiV3Key.toLowerCase() })).toBe('decrypt');
  });

  it('believes the key of the named serial only, while two are known', () => {
    const platform = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const serial = '5157F09EFDC096DE15EBE81A47057A7232F1B8E1';
    const mixed = { ...merchant, wechatKeys: { ...merchant.wechatKeys, [serial]: platform.publicKey.export({ type: 'spki', format: 'pem' }) as string } };
    const headers = lowerCase(payment.headers);
    const sign = (key: string | typeof platform.privateKey): string => createSign('sha256').update(`${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${payment.body}\n`).sign(key, 'base64');
    const now = at(payment.headers);
    expect(read(headers, Buffer.from(payment.body), now, mixed)).toBe('accepted');
    expect(read({ ...headers, 'wechatpay-serial': serial, 'wechatpay-signature': sign(platform.privateKey) }, Buffer.from(payment.body), now, mixed)).toBe('accepted');
    expect(read({ ...headers, 'wechatpay-serial': serial }, Buffer.from(payment.body), now, mixed)).toBe('signature');
    expect(read({ ...headers, 'wechatpay-signature': sign(platform.privateKey) }, Buffer.from(payment.body), now, mixed)).toBe('signature');
  });

  it.each([
    ['{}', 'body'],
    ['[]', 'body'],
    ['not json', 'body'],
    ['{"id":"1","event_type":"TRANSACTION.SUCCESS"}', 'body'],
    ['{"id":"1","event_type":"TRANSACTION.SUCCESS","resource":{"algorithm":"AEAD_AES_256_GCM","nonce":"123456789012","ciphertext":"AAAA"}}', 'decrypt'],
    ['{"id":"1","event_type":"PROFITSHARING.SUCCESS","resource":{}}', 'accepted'],
  ])('signed %s: %s', (body, outcome) => {
    expect(read(signed(body), Buffer.from(body))).toBe(outcome);
  });

  it.each([
    ['a text', '"1990"'], ['a decimal', '19.9'], ['negative', '-1990'], ['beyond 2^53', '9007199254740993'], ['an exponent of it', '1e300'], ['nothing', 'null'],
  ])('refuses an amount that is %s', (_, total) => {
    expect(readAmount(total)).toBe('body');
  });

  it.each([['0', 0n], ['1', 1n], ['2147483648', 2_147_483_648n], ['9007199254740991', 9_007_199_254_740_991n]])('takes %s fen exactly', (total, fen) => {
    const body = letterWith(total);
    const notice = verifyNotice(merchant, signed(body), Buffer.from(body), at(payment.headers));
    expect(notice.kind === 'payment' && notice.trade.total).toBe(fen);
  });

  function readAmount(total: string): string {
    const body = letterWith(total);
    return read(signed(body), Buffer.from(body));
  }

  /** The payment's letter with another amount, sealed and to be signed like a true one. */
  function letterWith(total: string): string {
    const plain = payment.plaintext.replace(/"total":1990/, `"total":${total}`);
    const cipher = createCipheriv('aes-256-gcm', Buffer.from(merchant.apiV3Key), Buffer.from('123456789012'));
    cipher.setAAD(Buffer.from('transaction'));
    const ciphertext = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString('base64');
    return JSON.stringify({ id: '1', event_type: 'TRANSACTION.SUCCESS', resource: { algorithm: 'AEAD_AES_256_GCM', nonce: '123456789012', associated_data: 'transaction', ciphertext } });
  }

  function signed(body: string): Record<string, string> {
    const headers = lowerCase(payment.headers);
    const signature = createSign('sha256').update(`${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${body}\n`).sign(VECTORS.keys.wechatpay_private_key_pkcs8, 'base64');
    return { ...headers, 'wechatpay-signature': signature };
  }
});

describe('signatureFault', () => {
  it.each(['response_200', 'response_204'] as const)('takes %s, and no other body with its signature', (name) => {
    const { headers, body } = VECTORS[name];
    expect(signatureFault(merchant, lowerCase(headers), Buffer.from(body), at(headers))).toBeUndefined();
    expect(signatureFault(merchant, lowerCase(headers), Buffer.from(`${body} `), at(headers))).toBe('signature');
  });
});

describe('decryptResource', () => {
  const sealed = [
    ...[payment, refund].map(({ gcm, plaintext }) => ({ key: gcm.key_utf8, plaintext, resource: { algorithm: 'AEAD_AES_256_GCM', nonce: gcm.nonce_utf8, associatedData: gcm.aad_utf8, ciphertext: gcm.ciphertext_and_tag_base64 } })),
    {
      key: merchant.apiV3Key, plaintext: VECTORS.certificate_decrypt.plaintext,
      resource: { algorithm: VECTORS.certificate_decrypt.algorithm, nonce: VECTORS.certificate_decrypt.nonce, associatedData: VECTORS.certificate_decrypt.associated_data, ciphertext: VECTORS.certificate_decrypt.ciphertext },
    },
  ];

  it.each(sealed)('opens what was sealed', ({ key, plaintext, resource }) => {
    expect(decryptResource(key, resource).toString()).toBe(plaintext);
  });

  it.each(sealed)('opens nothing with any bit of ciphertext or tag flipped', ({ key, resource }) => {
    const bytes = Buffer.from(resource.ciphertext, 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      expect(() => decryptResource(key, { ...resource, ciphertext: flip(bytes, bit).toString('base64') })).toThrow();
    }
  });

  it.each(sealed)('opens nothing with another nonce, associated data or key', ({ key, resource }) => {
    expect(() => decryptResource(key, { ...resource, nonce: '123456789012' })).toThrow();
    expect(() => decryptResource(key, { ...resource, associatedData: `${resource.associatedData}x` })).toThrow();
    expect(() => decryptResource(key.replace('0', '1'), resource)).toThrow();
    expect(() => decryptResource(key, { ...resource, algorithm: 'AEAD_SM4_GCM' })).toThrow();
    expect(() => decryptResource(key, { ...resource, ciphertext: '' })).toThrow();
  });
});
