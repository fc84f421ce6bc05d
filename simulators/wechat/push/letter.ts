import { randomInt } from 'node:crypto';
import { seal, signatureOf } from './crypto.js';
import { writeFields } from './message.js';
import type { PushMessage } from './message.js';
import type { PushSettings } from './settings.js';

/**
 * How a letter is made. `good` as WeChat makes it; the others are what a server must refuse: false
 * signatures (both, or `msg_signature` alone), none at all, the appid of another app at the end of the
 * sealed text, an old timestamp under a right signature, a sealed text changed afterwards, and a bare
 * body for who asked for sealed ones.
 */
export const VARIANTS = ['good', 'bad_signature', 'bad_msg_signature', 'no_signature', 'wrong_appid', 'stale_timestamp', 'tampered', 'unencrypted'] as const;
export type Variant = (typeof VARIANTS)[number];

const STALE_S = 3_600;

/** One POST to an app's server. */
export interface Letter {
  readonly url: string;
  readonly body: string;
  readonly contentType: string;
}

/** Seals and signs a message as the app's settings ask. `nowMs` is the real time. */
export function letterOf(message: PushMessage, settings: PushSettings, appid: string, nowMs: number, variant: Variant): Letter {
  const { token, mode, format } = settings;
  const query = signedQuery(token, nowMs, variant);
  query.set('openid', message.FromUserName);
  const contentType = format === 'json' ? 'application/json' : 'text/xml';
  if (mode === 'plain' || variant === 'unencrypted') return { url: withQuery(settings.url, query), body: writeFields(message, format), contentType };

  const sealed = seal(writeFields(message, format), settings.encodingAesKey, variant === 'wrong_appid' ? `${appid}x` : appid);
  const signature = signatureOf(token, query.get('timestamp') ?? '', query.get('nonce') ?? '', sealed);
  query.set('encrypt_type', 'aes');
  if (variant !== 'no_signature') query.set('msg_signature', variant === 'bad_signature' || variant === 'bad_msg_signature' ? spoil(signature) : signature);
  const Encrypt = variant === 'tampered' ? spoil(sealed) : sealed;
  return { url: withQuery(settings.url, query), body: writeFields(mode === 'compatible' ? { ...message, Encrypt } : { ToUserName: message.ToUserName, Encrypt }, format), contentType };
}

/** The GET by which the console tries an address: the answer must be `echostr` as it is. */
export function urlCheck(settings: PushSettings, nowMs: number, variant: Variant): { readonly url: string; readonly echostr: string } {
  const query = signedQuery(settings.token, nowMs, variant);
  const echostr = `${randomInt(1_000_000_000, 9_999_999_999)}${randomInt(100_000_000, 999_999_999)}`;
  query.set('echostr', echostr);
  return { url: withQuery(settings.url, query), echostr };
}

function signedQuery(token: string, nowMs: number, variant: Variant): URLSearchParams {
  const timestamp = String(Math.floor(nowMs / 1000) - (variant === 'stale_timestamp' ? STALE_S : 0));
  const nonce = String(randomInt(100_000_000, 2_147_483_647));
  const signature = signatureOf(token, timestamp, nonce);
  const signed = variant === 'no_signature' ? {} : { signature: variant === 'bad_signature' ? spoil(signature) : signature };
  return new URLSearchParams({ ...signed, timestamp, nonce });
}

function withQuery(address: string, query: URLSearchParams): string {
  const url = new URL(address);
  for (const [name, value] of query) url.searchParams.set(name, value);
  return url.toString();
}

/** The same with another character in the middle, valid in hex and in Base64. */
function spoil(text: string): string {
  const middle = Math.floor(text.length / 2);
  return `${text.slice(0, middle)}${text[middle] === 'a' ? 'b' : 'a'}${text.slice(middle + 1)}`;
}
