import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { selfSigned } from './x509.js';
import type { KeyObject } from 'node:crypto';

const DAY_MS = 86_400_000;

/** A key that the simulator signs with, under the serial by which it is known. */
export interface SigningKey {
  readonly serial: string;
  readonly privateKey: KeyObject;
  readonly publicPem: string;
}

/** The simulator's two identities: 微信支付公钥, and the older platform certificate. */
export interface SimulatorKeys {
  readonly publicKey: SigningKey;
  readonly certificate: SigningKey;
  /** The certificate itself, self-signed, as a client downloads it. */
  readonly certificatePem: string;
}

/** As the journal keeps them. */
export interface StoredKeys {
  readonly publicKeyId: string;
  readonly publicKey: string;
  readonly certificateSerial: string;
  readonly certificate: string;
}

const pem = (): string => generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } }).privateKey;

export function makeKeys(): StoredKeys {
  const digits = Array.from(randomBytes(34), (byte) => byte % 10).join('');
  return {
    publicKeyId: `PUB_KEY_ID_${digits}`,
    publicKey: pem(),
    // A leading digit below 8 needs no padding in DER: the serial reads the same in the certificate.
    certificateSerial: `5${randomBytes(20).toString('hex').toUpperCase().slice(1)}`,
    certificate: pem(),
  };
}

export function readKeys(stored: StoredKeys): SimulatorKeys {
  const certificate = signingKey(stored.certificateSerial, stored.certificate);
  const from = new Date(Date.now() - DAY_MS);
  const certificatePem = selfSigned({ privateKey: certificate.privateKey, publicKey: createPublicKey(certificate.privateKey), serial: certificate.serial, name: 'Simulated WeChat Pay platform certificate', from, until: new Date(from.getTime() + 5 * 365 * DAY_MS) });
  return { publicKey: signingKey(stored.publicKeyId, stored.publicKey), certificate, certificatePem };
}

function signingKey(serial: string, privatePem: string): SigningKey {
  const privateKey = createPrivateKey(privatePem);
  return { serial, privateKey, publicPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string };
}
