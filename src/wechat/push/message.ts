import type { Json } from '../open-api/answer.js';
import { secResultOf, type SecResult } from '../open-api/msg-sec-check.js';
import { PushRefused } from './push-settings.js';
import { readXml } from './xml.js';

export type PushFormat = 'json' | 'xml';

/** What a user wrote to the mini-program's customer service. */
export type UserContent =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image'; readonly mediaId: string; readonly url: string | undefined }
  /** A shared page, or a kind that is not known here, by WeChat's name. */
  | { readonly type: 'other'; readonly name: string };

interface Letter {
  /** WeChat sends a letter again that was not answered in time: the same letter has the same key. */
  readonly key: string;
  /** The mini-program's `gh_…` account. */
  readonly account: string;
  readonly openid: string;
  /** When it was made, seconds since 1970, by WeChat's clock. */
  readonly createdAt: number;
}

/** What a push says; a closed list. */
export type PushMessage = Letter &
  (
    | { readonly kind: 'user_message'; readonly content: UserContent }
    /** The user opened the customer-service session. */
    | { readonly kind: 'enter_session'; readonly sessionFrom: string | undefined }
    /** The result of `media_check_async`; `errcode` other than 0: WeChat could not judge, and may be asked again. */
    | { readonly kind: 'media_verdict'; readonly traceId: string; readonly errcode: number; readonly result: SecResult | undefined }
    | { readonly kind: 'other'; readonly name: string }
  );

const OPENID = /^[\w-]{1,128}$/;
const ACCOUNT = /^[\w-]{1,64}$/;
const NAME = /^[\w-]{1,64}$/;
const LONGEST_TEXT = 20_000;
const USER_MESSAGES = new Set(['text', 'image', 'voice', 'video', 'shortvideo', 'location', 'link', 'file', 'miniprogrampage']);

/** The form of a body, by its first character. */
export function formatOf(text: string): PushFormat {
  return text.trimStart().startsWith('<') ? 'xml' : 'json';
}

/** The fields of a body. @throws PushRefused */
export function readFields(text: string): Json {
  const fields = valueOf(text);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) throw new PushRefused('body');
  return fields as Json;
}

/** What the fields of a verified letter say. @throws PushRefused */
export function parsePush(fields: Json): PushMessage {
  const letter = { account: field(fields, 'ToUserName', ACCOUNT), openid: field(fields, 'FromUserName', OPENID), createdAt: secondsOf(fields) };
  const type = field(fields, 'MsgType', NAME);
  if (type === 'event') return eventOf(letter, fields);
  if (!USER_MESSAGES.has(type)) return { ...letter, kind: 'other', key: keyOf(letter, type), name: type };
  return { ...letter, kind: 'user_message', key: `message:${field(fields, 'MsgId', /^\d{1,20}$/)}`, content: contentOf(type, fields) };
}

function eventOf(letter: Omit<Letter, 'key'>, fields: Json): PushMessage {
  const name = field(fields, 'Event', NAME);
  if (name === 'wxa_media_check') return mediaVerdictOf(letter, fields);
  const key = keyOf(letter, name);
  if (name !== 'user_enter_tempsession') return { ...letter, kind: 'other', key, name };
  return { ...letter, kind: 'enter_session', key, sessionFrom: optionalText(fields, 'SessionFrom') };
}

function mediaVerdictOf(letter: Omit<Letter, 'key'>, fields: Json): PushMessage {
  const traceId = field(fields, 'trace_id', /^[\x21-\x7e]{1,128}$/);
  const errcode = wholeOf(fields['errcode'] ?? 0);
  try {
    return { ...letter, kind: 'media_verdict', key: `media:${traceId}`, traceId, errcode, result: errcode === 0 ? secResultOf(fields) : undefined };
  } catch {
    throw new PushRefused('body');
  }
}

function contentOf(type: string, fields: Json): UserContent {
  if (type === 'text') return { type, text: textOf(fields, 'Content') };
  if (type === 'image') return { type, mediaId: textOf(fields, 'MediaId'), url: optionalText(fields, 'PicUrl') };
  return { type: 'other', name: type };
}

/** Events have no id of their own (reference: 11). */
function keyOf({ openid, createdAt }: Omit<Letter, 'key'>, name: string): string {
  return `event:${openid}:${createdAt}:${name}`;
}

function secondsOf(fields: Json): number {
  const seconds = wholeOf(fields['CreateTime']);
  if (seconds < 0) throw new PushRefused('body');
  return seconds;
}

function wholeOf(value: unknown): number {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !/^-?\d{1,12}$/.test(text)) throw new PushRefused('body');
  return parseInt(text, 10);
}

function field(fields: Json, name: string, form: RegExp): string {
  const value = fields[name];
  if (typeof value !== 'string' || !form.test(value)) throw new PushRefused('body');
  return value;
}

function textOf(fields: Json, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value.length > LONGEST_TEXT) throw new PushRefused('body');
  return value;
}

function optionalText(fields: Json, name: string): string | undefined {
  return fields[name] === undefined || fields[name] === '' ? undefined : textOf(fields, name);
}

function valueOf(text: string): unknown {
  try {
    return formatOf(text) === 'xml' ? readXml(text) : (JSON.parse(text, exactIds));
  } catch {
    // Not JSON, not WeChat's XML, or nested so deep that the reviver can't follow.
    throw new PushRefused('body');
  }
}

/** Message ids have 64 bits: as numbers, two of them would become one. */
function exactIds(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return key === 'MsgId' && typeof value === 'number' ? (context?.source ?? String(value)) : value;
}
