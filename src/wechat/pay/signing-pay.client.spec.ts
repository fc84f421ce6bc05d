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

  it.each([['another nonce', 'X', undefined], ['another path', undefined, '/v3/other']])('differs for %s', (_, nonce, path) => {
    const vector = VECTORS.request_get;
    expect(pay.getSignature('GET', nonce ?? vector.nonce_str, vector.timestamp, path ?? vector.canonical_url)).not.toBe(vector.signature);
  });
});
