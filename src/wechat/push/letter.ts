import { randomInt } from 'node:crypto';
import type { Json } from '../open-api/answer.js';
import { decrypt } from './decrypt.js';
import { encrypt } from './encrypt.js';
import { formatOf, parsePush, readFields, type PushFormat, type PushMessage } from './message.js';
import { PushRefused, type PushSettings } from './push-settings.js';
import { checkSignature, parameter, signatureOf, type PushQuery } from './signature.js';
import { cdata } from './xml.js';

/** A letter of WeChat's that was verified, opened and read. */
export interface PushLetter {
  /** An answer takes the same form. */
  readonly format: PushFormat;
  readonly mode: 'plain' | 'secure';
  readonly message: PushMessage;
}

/** An answer's body as it goes out. */
export interface PushReply {
  readonly contentType: string;
  readonly body: string;
}

/** Letters are short texts; anything larger is none. */
const LETTER_LIMIT = 64 * 1024;

/**
 * WeChat's question, when the address is entered in its console, whether we know the token.
 * @returns what to answer, as it is
 * @throws PushRefused
 */
export function answerUrlCheck(settings: PushSettings, query: PushQuery, now: Date): string {
  checkSignature(query, 'signature', settings.token, [], now);
  return parameter(query, 'echostr', /^[\x21-\x7e]{1,256}$/);
}

/**
 * What a letter really says. The signature first; in the secure mode it covers the ciphertext, which must open for
 * this very app. In the plain mode it covers nothing of the body, so that a tenant with an AES key gets no plain letter.
 * @throws PushRefused
 */
export function openLetter(settings: PushSettings, query: PushQuery, rawBody: Uint8Array, now: Date): PushLetter {
  const text = textOf(rawBody);
  if (settings.aesKey === undefined) {
    checkSignature(query, 'signature', settings.token, [], now);
    return { format: formatOf(text), mode: 'plain', message: messageOf(settings, text) };
  }
  if (query['encrypt_type'] !== 'aes') throw new PushRefused('plain');
  const ciphertext = ciphertextOf(readFields(text));
  checkSignature(query, 'msg_signature', settings.token, [ciphertext], now);
  const inside = textOf(decrypt(settings.aesKey, settings.appId, ciphertext));
  return { format: formatOf(text), mode: 'secure', message: messageOf(settings, inside) };
}

/** Hands the user over to a person: the answer to something that he wrote. */
export function transferToPerson(settings: PushSettings, letter: PushLetter, now: Date): PushReply {
  const { openid, account } = letter.message;
  const createTime = Math.floor(now.getTime() / 1000);
  return reply(settings, letter, { ToUserName: openid, FromUserName: account, CreateTime: createTime, MsgType: 'transfer_customer_service' }, now);
}

function reply(settings: PushSettings, { format, mode }: PushLetter, fields: Readonly<Record<string, string | number>>, now: Date): PushReply {
  const plain = write(format, fields);
  if (mode === 'plain' || settings.aesKey === undefined) return plain;
  const timestamp = Math.floor(now.getTime() / 1000);
  const nonce = String(randomInt(1_000_000_000, 9_999_999_999));
  const ciphertext = encrypt(settings.aesKey, settings.appId, Buffer.from(plain.body));
  const signature = signatureOf([settings.token, String(timestamp), nonce, ciphertext]);
  return write(format, { Encrypt: ciphertext, MsgSignature: signature, TimeStamp: timestamp, Nonce: nonce });
}

function write(format: PushFormat, fields: Readonly<Record<string, string | number>>): PushReply {
  if (format === 'json') return { contentType: 'application/json; charset=utf-8', body: JSON.stringify(fields) };
  const elements = Object.entries(fields).map(([name, value]) => `<${name}>${typeof value === 'number' ? value : cdata(value)}</${name}>`);
  return { contentType: 'text/xml; charset=utf-8', body: `<xml>${elements.join('')}</xml>` };
}

/** Some events name the app, too: it must be this one. */
function messageOf({ appId }: PushSettings, text: string): PushMessage {
  const fields = readFields(text);
  if (fields['appid'] !== undefined && fields['appid'] !== appId) throw new PushRefused('body');
  return parsePush(fields);
}

function ciphertextOf(fields: Json): string {
  const ciphertext = fields['Encrypt'];
  if (typeof ciphertext !== 'string' || ciphertext === '') throw new PushRefused('body');
  return ciphertext;
}

function textOf(bytes: Uint8Array): string {
  if (bytes.length === 0 || bytes.length > LETTER_LIMIT) throw new PushRefused('body');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new PushRefused('body');
  }
}
