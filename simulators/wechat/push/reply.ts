import { BadSeal, signatureOf, unseal } from './crypto.js';
import { readFields } from './message.js';
import type { PushMessage } from './message.js';
import type { PushSettings } from './settings.js';

/** What an app's server answered: `transfer` hands the user over to a human; anything else with content is `invalid`. */
export interface PushReply {
  readonly kind: 'success' | 'empty' | 'transfer' | 'invalid';
  readonly encrypted: boolean;
  /** What is wrong with an invalid one. */
  readonly reason?: string;
}

const TRANSFER = 'transfer_customer_service';

/** Reads the body of a 200 as WeChat would: a reply with content must be sealed where the letter was. */
export function readReply(body: string, message: PushMessage, settings: PushSettings, appid: string): PushReply {
  const text = body.trim();
  if (text === '') return { kind: 'empty', encrypted: false };
  if (text === 'success') return { kind: 'success', encrypted: false };
  const fields = readFields(text, settings.format);
  if (fields === undefined) return invalid(`The reply is neither "success", empty, nor ${settings.format.toUpperCase()}.`, false);
  if (fields['Encrypt'] === undefined) return settings.mode === 'secure' ? invalid('In secure mode a reply must be encrypted.', false) : readContent(fields, message, false);
  if (settings.mode === 'plain') return invalid('In plain mode a reply must not be encrypted.', true);
  return readSealed(fields, message, settings, appid);
}

function readSealed(fields: Readonly<Record<string, string>>, message: PushMessage, settings: PushSettings, appid: string): PushReply {
  const { Encrypt: sealed = '', MsgSignature: signature, TimeStamp: timestamp = '', Nonce: nonce = '' } = fields;
  if (!/^\d{10}$/u.test(timestamp) || nonce === '') return invalid('TimeStamp or Nonce is missing.', true);
  if (signature !== signatureOf(settings.token, timestamp, nonce, sealed)) return invalid('MsgSignature is wrong.', true);
  try {
    const opened = unseal(sealed, settings.encodingAesKey);
    if (opened.appid !== appid) return invalid('The appid at the end is wrong.', true);
    const inner = readFields(opened.message, settings.format);
    return inner === undefined ? invalid(`The sealed reply is no ${settings.format.toUpperCase()}.`, true) : readContent(inner, message, true);
  } catch (error) {
    if (error instanceof BadSeal) return invalid(error.message, true);
    throw error;
  }
}

function readContent(fields: Readonly<Record<string, string>>, message: PushMessage, encrypted: boolean): PushReply {
  if (fields['MsgType'] !== TRANSFER) return invalid(`MsgType must be ${TRANSFER}.`, encrypted);
  if (message.MsgType === 'event') return invalid('Only messages of users can be handed over, no events.', encrypted);
  if (fields['ToUserName'] !== message.FromUserName) return invalid('ToUserName must be the openid.', encrypted);
  if (fields['FromUserName'] !== message.ToUserName) return invalid('FromUserName must be the original id of the mini program.', encrypted);
  if (!/^\d{10}$/u.test(fields['CreateTime'] ?? '')) return invalid('CreateTime must be in seconds.', encrypted);
  return { kind: 'transfer', encrypted };
}

function invalid(reason: string, encrypted: boolean): PushReply {
  return { kind: 'invalid', encrypted, reason };
}
