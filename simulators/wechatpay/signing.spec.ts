import { X509Certificate, createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PlatformKeys, publicKeyId } from './platform-keys.js';
import { VECTORS } from './merchant.fixture.js';
import { answerMessage, decrypt, encrypt, requestMessage, signMessage, verifyMessage } from './signing.js';
import { authorize, parseAuthorization } from './authorization.js';
import { Merchants } from './merchants.js';

const merchantKey = createPublicKey(VECTORS.keys.merchant_public_key_spki as string);
const platformKey = createPublicKey(VECTORS.keys.wechatpay_public_key_spki as string);

describe('the signatures, against vectors made with other tools', () => {
  it.each(['request_post', 'request_get'])('builds and verifies the string of a merchant: %s', (name) => {
    const { method, canonical_url: target, timestamp, nonce_str: nonce, body, message, message_sha256_hex: hash, signature } = VECTORS[name];
    const built = requestMessage(method, target, timestamp, nonce, body);
    expect(built.toString()).toBe(message);
    expect(createHash('sha256').update(built).digest('hex')).toBe(hash);
    expect(verifyMessage(merchantKey, built, signature)).toBe(true);
    expect(signMessage(createPrivateKey(VECTORS.keys.merchant_private_key_pkcs8 as string), built)).toBe(signature);
    expect(verifyMessage(merchantKey, requestMessage(method, target, timestamp, nonce, `${body} `), signature)).toBe(false);
  });

  it.each(['response_200', 'response_204', 'notify_transaction_success', 'notify_refund_success'])('builds and signs the string of WeChat Pay: %s', (name) => {
    const { headers, body } = VECTORS[name];
    const message = answerMessage(headers['Wechatpay-Timestamp'], headers['Wechatpay-Nonce'], body);
    expect(signMessage(createPrivateKey(VECTORS.keys.wechatpay_private_key_pkcs8 as string), message)).toBe(headers['Wechatpay-Signature']);
    expect(verifyMessage(platformKey, message, headers['Wechatpay-Signature'])).toBe(true);
  });

  it('takes the probe for what it is', () => {
    const { headers } = VECTORS.notify_signature_probe;
    const message = answerMessage(headers['Wechatpay-Timestamp'], headers['Wechatpay-Nonce'], VECTORS.notify_transaction_success.body);
    expect(verifyMessage(platformKey, message, headers['Wechatpay-Signature'])).toBe(false);
  });

  it.each(['notify_transaction_success', 'notify_refund_success'])('encrypts and decrypts resources: %s', (name) => {
    const { nonce, associated_data: aad, ciphertext } = JSON.parse(VECTORS[name].body).resource;
    expect(decrypt(VECTORS.config.apiv3_key, nonce, aad, ciphertext)).toBe(VECTORS[name].plaintext);
    expect(encrypt(VECTORS.config.apiv3_key, nonce, aad, VECTORS[name].plaintext)).toBe(ciphertext);
    expect(() => decrypt(VECTORS.config.apiv3_key, nonce, 'other', ciphertext)).toThrow();
  });

  it('decrypts a certificate', () => {
    const { nonce, associated_data: aad, ciphertext, plaintext } = VECTORS.certificate_decrypt;
    expect(decrypt(VECTORS.config.apiv3_key, nonce, aad, ciphertext)).toBe(plaintext);
  });
});

describe('Authorization', () => {
  const { method, canonical_url: target, timestamp, body, authorization } = VECTORS.request_post;
  const raw = { method, target, authorization, body: Buffer.from(body as string) };
  const merchants = new Merchants();
  merchants.register({
    merchant_id: VECTORS.config.mchid,
    app_ids: [VECTORS.config.appid],
    api_v3_key: VECTORS.config.apiv3_key,
    merchant_serial: VECTORS.config.merchant_serial_no,
    merchant_public_key: VECTORS.keys.merchant_public_key_spki,
  });
  const at = Number(timestamp) * 1000;

  it('verifies the vector, within five minutes of its time', () => {
    expect(authorize(raw, merchants, at).merchant_id).toBe(VECTORS.config.mchid);
    expect(authorize(raw, merchants, at + 300_000).merchant_id).toBe(VECTORS.config.mchid);
    expect(() => authorize(raw, merchants, at + 301_000)).toThrow(/timestamp/u);
    expect(() => authorize(raw, merchants, at - 301_000)).toThrow(/timestamp/u);
    expect(() => authorize({ ...raw, target: `${target}?` }, merchants, at)).toThrow(/签名错误/u);
  });

  it('reads the values in any order, and nothing that is not five values', () => {
    const values = ['mchid="1"', 'nonce_str="n"', 'signature="s=="', 'timestamp="2"', 'serial_no="A"'];
    const scheme = 'WECHATPAY2-SHA256-RSA2048';
    expect(parseAuthorization(`${scheme} ${values.toReversed().join(', ')}`)).toEqual({ mchid: '1', nonce_str: 'n', signature: 's==', timestamp: '2', serial_no: 'A' });
    for (let missing = 0; missing < values.length; missing += 1) expect(parseAuthorization(`${scheme} ${values.toSpliced(missing, 1).join(',')}`)).toBeUndefined();
    expect(parseAuthorization(`${scheme} ${[...values, 'mchid="2"'].join(',')}`)).toBeUndefined();
    expect(parseAuthorization(`WECHATPAY2-SM2-WITH-SM3 ${values.join(',')}`)).toBeUndefined();
    expect(parseAuthorization(undefined)).toBeUndefined();
  });
});

describe('the platform keys', () => {
  it('stand in a real certificate, survive being saved, and know who signs for whom', async () => {
    const keys = await PlatformKeys.generate();
    const certificate = new X509Certificate(keys.certificatePem);
    expect(certificate.serialNumber).toBe(keys.certificateSerial);
    expect(certificate.serialNumber).toHaveLength(40);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).toBe(keys.certificateKeyPem);
    expect(Date.parse(certificate.validTo)).toBeGreaterThan(Date.now());
    expect(new PlatformKeys(keys.saved).certificatePem).toBe(keys.certificatePem);

    const [id, cert] = [publicKeyId('1900000109'), keys.certificateSerial];
    expect(id).toBe(VECTORS.config.wechatpay_public_key_id);
    const who = (mode: 'public_key' | 'certificate' | 'mixed', asked?: string): string | undefined => keys.answerSigner('1900000109', mode, asked)?.serial;
    expect([who('public_key'), who('public_key', id), who('public_key', cert)]).toEqual([id, id, undefined]);
    expect([who('certificate'), who('certificate', id), who('certificate', cert)]).toEqual([cert, cert, cert]);
    expect([who('mixed'), who('mixed', id), who('mixed', cert), who('mixed', 'other')]).toEqual([cert, id, cert, undefined]);
  });
});
