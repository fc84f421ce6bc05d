import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

const SHA256_WITH_RSA = Buffer.from('300d06092a864886f70d01010b0500', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const ORGANISATION = Buffer.from('060355040a', 'hex');

export interface CertificateOptions {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** Hex, 40 digits. */
  readonly serial: string;
  readonly name: string;
  readonly from: Date;
  readonly until: Date;
}

/** A self-signed X.509 v3 certificate as PEM: what a platform certificate looks like to its reader. */
export function selfSigned({ privateKey, publicKey, serial, name, from, until }: CertificateOptions): string {
  const names = der(0x30, der(0x31, der(0x30, ORGANISATION, der(0x0c, Buffer.from('Bailiao simulator')))), der(0x31, der(0x30, COMMON_NAME, der(0x0c, Buffer.from(name)))));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, positive(Buffer.from(serial, 'hex'))),
    SHA256_WITH_RSA,
    names,
    der(0x30, time(from), time(until)),
    names,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const whole = der(0x30, body, SHA256_WITH_RSA, der(0x03, Buffer.from([0]), sign('sha256', body, privateKey)));
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{1,64}/gu, '$&\n')}-----END CERTIFICATE-----\n`;
}

/** One DER element: tag, length, content. */
function der(tag: number, ...content: Buffer[]): Buffer {
  const inner = Buffer.concat(content);
  const { length } = inner;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), inner]);
}

/** DER integers are signed: a leading one-bit needs a zero byte before it. */
function positive(bytes: Buffer): Buffer {
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
}

/** UTCTime, good until 2049. */
function time(at: Date): Buffer {
  return der(0x17, Buffer.from(`${at.toISOString().slice(2, 19).replace(/[-:T]/gu, '')}Z`));
}
