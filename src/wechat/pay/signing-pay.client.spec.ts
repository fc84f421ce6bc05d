import { constants, privateDecrypt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VECTORS, VECTOR_MERCHANT as merchant } from '../../../test/kit/wechat-vectors.js';
import { SigningPay } from './signing-pay.client.js';

describe('the signature of a request', () => {
  const pay = new SigningPay(merchant, 'https://api.mch.weixin.qq.com', undefined);

  it.each([['POST', VECTORS.request_post], ['GET', VECTORS.request_get]] as const)('of %s is the vector’s', (method, vector) => {
    const body = 'body' in vector && vector.body !== '' ? (JSON.parse(vector.body) as Record<string, unknown>) : undefined;
    expect(pay.getSignature(method, vector.nonce_str, vector.timestamp, vector.canonical_url, body)).toBe(vector.signature);
    expect(pay.getAuthorization(vector.nonce_str, vector.timestamp, vector.signature)).toBe(
      `WECHATPAY2-SHA256-RSA2048 mchid="${merchant.merchantId}",nonce_str="${vector.nonce_str}",timestamp="${vector.timestamp}",serial_no="${merchant.merchantSerial}",signature="${vector.signature}"`,
    );
  });

  it('of an app’s parameters is the vector’s, too', () => {
    expect(pay.sha256WithRsa(VECTORS.client_app.message)).toBe(VECTORS.client_app.params['sign']);
  });

  it('goes with fields that are sealed as WeChat opens them', () => {
    const { plaintext, ciphertext_base64: known } = VECTORS.sensitive_field_oaep_sha1;
    const open = (sealed: string): string => privateDecrypt({ key: VECTORS.keys.wechatpay_private_key_pkcs8, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, Buffer.from(sealed, 'base64')).toString();
    expect([open(known), open(pay.publicEncrypt(plaintext, Buffer.from(VECTORS.keys.wechatpay_public_key_spki)))]).toEqual([plaintext, plaintext]);
  });

  it.each([['another nonce', 'X', undefined], ['another path', undefined, '/v3/other']])('differs for %s', (_, nonce, path) => {
    const vector = VECTORS.request_get;
    expect(pay.getSignature('GET', nonce ?? vector.nonce_str, vector.timestamp, path ?? vector.canonical_url)).not.toBe(vector.signature);
  });
});
