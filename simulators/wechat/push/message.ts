import { isObject } from '../../http/json-object.js';

/** A value of a pushed message; big integers are written with all their digits. */
export type PushValue = string | number | bigint | readonly object[] | object;

/** What is pushed: a user's message or an event. */
export interface PushMessage {
  /** The mini program's original id, `gh_…`. */
  readonly ToUserName: string;
  /** The user's openid. */
  readonly FromUserName: string;
  /** Seconds since 1970. */
  readonly CreateTime: number;
  readonly MsgType: string;
  readonly [field: string]: PushValue;
}

export type PushFormat = 'json' | 'xml';

/** The fields of a message or of an object in it. */
export type PushFields = Readonly<Record<string, PushValue>>;

/** The fields with every number as a text, within objects, too; lists stay as they are. */
export function asTexts(fields: PushFields): PushFields {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, typeof value === 'number' ? String(value) : isFields(value) ? asTexts(value) : value]));
}

function isFields(value: PushValue): value is PushFields {
  return typeof value === 'object' && !Array.isArray(value);
}

/** The body in the format that the app chose. */
export function writeFields(fields: PushFields, format: PushFormat): string {
  return format === 'json' ? writeJson(fields) : `<xml>${writeXml(fields)}</xml>`;
}

/** `MsgId` is a 64-bit integer and leaves as a JSON number, as it does at WeChat: parsed as a double it would lose digits. */
function writeJson(fields: PushFields): string {
  return `{${Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}:${typeof value === 'bigint' ? String(value) : JSON.stringify(value)}`).join(',')}}`;
}

/** Numbers stand bare, texts in CDATA; a list repeats its element (assumed). */
function writeXml(fields: object): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => (Array.isArray(value) ? value.map((item: unknown) => [name, item] as const) : [[name, value] as const]))
    .map(([name, value]) => `<${name}>${xmlValue(value)}</${name}>`)
    .join('');
}

function xmlValue(value: unknown): string {
  if (typeof value === 'object' && value !== null) return writeXml(value);
  if (typeof value !== 'string') return String(value);
  return `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;
}

/** The flat fields of a JSON object or of `<xml>`; undefined when the text is neither. */
export function readFields(text: string, format: PushFormat): Readonly<Record<string, string>> | undefined {
  return format === 'json' ? readJson(text) : readXml(text);
}

function readJson(text: string): Readonly<Record<string, string>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value)) return undefined;
    return Object.fromEntries(Object.entries(value).flatMap(([name, field]) => (typeof field === 'string' || typeof field === 'number' ? [[name, String(field)]] : [])));
  } catch {
    return undefined;
  }
}

function readXml(text: string): Readonly<Record<string, string>> | undefined {
  const inner = /^\s*<xml>([\s\S]*)<\/xml>\s*$/u.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const elements = inner.matchAll(/<(\w+)>(?:<!\[CDATA\[([\s\S]*?)\]\]>|([^<]*))<\/\1>/gu);
  return Object.fromEntries([...elements].map(([, name = '', quoted, bare]): [string, string] => [name, quoted ?? bare ?? '']));
}
