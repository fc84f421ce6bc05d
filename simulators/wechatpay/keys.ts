import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

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
  return { publicKeyId: `PUB_KEY_ID_${digits}`, publicKey: pem(), certificateSerial: randomBytes(20).toString('hex').toUpperCase(), certificate: pem() };
}

export function readKeys(stored: StoredKeys): SimulatorKeys {
  return { publicKey: signingKey(stored.publicKeyId, stored.publicKey), certificate: signingKey(stored.certificateSerial, stored.certificate) };
}

function signingKey(serial: string, privatePem: string): SigningKey {
  const privateKey = createPrivateKey(privatePem);
  return { serial, privateKey, publicPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string };
}
