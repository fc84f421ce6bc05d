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
  /** To Apple's inquiry: 0 = nothing against the refund, 1 = better not. */
  readonly advice?: 0 | 1;
}

/** What a reply with content says, when it is opened. */
export type ReadContent = (fields: Readonly<Record<string, string>>, encrypted: boolean) => PushReply;

/** Reads the body of a 200 as WeChat would. */
export type ReadReply = (body: string, message: PushMessage, settings: PushSettings, appid: string) => PushReply;

const TRANSFER = 'transfer_customer_service';

/** The reply to a message or an event: `success`, nothing, or a hand-over to a human. */
export const readReply: ReadReply = (body, message, settings, appid) => {
  const text = body.trim();
  if (text === '') return { kind: 'empty', encrypted: false };
  if (text === 'success') return { kind: 'success', encrypted: false };
  return readContentReply(text, settings, appid, (fields, encrypted) => readTransfer(fields, message, encrypted));
};

/** A reply that must have content, in the format of the letter, and sealed where the letter was. */
export function readContentReply(text: string, settings: PushSettings, appid: string, read: ReadContent): PushReply {
  const fields = readFields(text.trim(), settings.format);
  if (fields === undefined) return invalid(`The reply is neither "success", empty, nor ${settings.format.toUpperCase()}.`, false);
  if (fields['Encrypt'] === undefined) return settings.mode === 'secure' ? invalid('In secure mode a reply must be encrypted.', false) : read(fields, false);
  if (settings.mode === 'plain') return invalid('In plain mode a reply must not be encrypted.', true);
  return readSealed(fields, settings, appid, read);
}

function readSealed(fields: Readonly<Record<string, string>>, settings: PushSettings, appid: string, read: ReadContent): PushReply {
  const { Encrypt: sealed = '', MsgSignature: signature, TimeStamp: timestamp = '', Nonce: nonce = '' } = fields;
  if (!/^\d{10}$/u.test(timestamp) || nonce === '') return invalid('TimeStamp or Nonce is missing.', true);
  if (signature !== signatureOf(settings.token, timestamp, nonce, sealed)) return invalid('MsgSignature is wrong.', true);
  try {
    const opened = unseal(sealed, settings.encodingAesKey);
    if (opened.appid !== appid) return invalid('The appid at the end is wrong.', true);
    const inner = readFields(opened.message, settings.format);
    return inner === undefined ? invalid(`The sealed reply is no ${settings.format.toUpperCase()}.`, true) : read(inner, true);
  } catch (error) {
    if (error instanceof BadSeal) return invalid(error.message, true);
    throw error;
  }
}

function readTransfer(fields: Readonly<Record<string, string>>, message: PushMessage, encrypted: boolean): PushReply {
  if (fields['MsgType'] !== TRANSFER) return invalid(`MsgType must be ${TRANSFER}.`, encrypted);
  if (message.MsgType === 'event') return invalid('Only messages of users can be handed over, no events.', encrypted);
  if (fields['ToUserName'] !== message.FromUserName) return invalid('ToUserName must be the openid.', encrypted);
  if (fields['FromUserName'] !== message.ToUserName) return invalid('FromUserName must be the original id of the mini program.', encrypted);
  if (!/^\d{10}$/u.test(fields['CreateTime'] ?? '')) return invalid('CreateTime must be in seconds.', encrypted);
  return { kind: 'transfer', encrypted };
}

/** A reply that WeChat does not take. */
export function invalid(reason: string, encrypted: boolean): PushReply {
  return { kind: 'invalid', encrypted, reason };
}
