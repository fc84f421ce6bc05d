import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { nowDate } from '../../platform/values/index.js';
import type { WechatPayMerchant } from './merchant.js';
import { WechatPayError, codeOf, errorOf } from './pay-error.js';
import { signatureFault } from './signature.js';

/** The library signs for this host and builds addresses on it; the signature does not contain it (reference: 1). */
const OFFICIAL = 'https://api.mch.weixin.qq.com';
const TIMEOUT_MS = 10_000;
const DOWNLOAD_MS = 60_000;
const ANSWER_LIMIT = 1024 * 1024;
const FILE_LIMIT = 64 * 1024 * 1024;

export interface Exchange {
  readonly merchant: WechatPayMerchant;
  /** Scheme and host, without a slash at the end. */
  readonly baseUrl: string;
  readonly signal: AbortSignal | undefined;
}

/** What the library hands to its transport, and gets back. */
export interface Answer {
  readonly status: number;
  readonly data: unknown;
}

/**
 * One HTTP exchange with WeChat Pay, for `wechatpay-node-v3`'s hook: its host replaced, bounded in time and size, the
 * answer's signature checked on the raw bytes before anything is parsed.
 * @throws WechatPayError
 */
export async function exchange({ merchant, baseUrl, signal }: Exchange, method: 'GET' | 'POST', url: string, headers: Readonly<Record<string, unknown>>, body?: object): Promise<Answer> {
  const deadline = AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])]);
  try {
    const response = await fetch(onHost(url, baseUrl), {
      method, redirect: 'error', signal: deadline,
      headers: { ...textHeaders(headers), 'wechatpay-serial': merchant.preferredSerial, 'user-agent': 'bailiao' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const bytes = await bounded(response.body ?? [], ANSWER_LIMIT);
    return answerOf(merchant, response, bytes);
  } catch (error) {
    throw asPayError(error, signal);
  }
}

/**
 * Downloads a bill: the one answer that WeChat never signs (reference: 3.2), so its digest comes with a signed one.
 * Gives the uncompressed bytes. @throws WechatPayError
 */
export async function download({ baseUrl, signal }: Exchange, url: string, headers: Readonly<Record<string, unknown>>): Promise<Buffer> {
  const deadline = AbortSignal.any([AbortSignal.timeout(DOWNLOAD_MS), ...(signal ? [signal] : [])]);
  try {
    const response = await fetch(onHost(url, baseUrl), { redirect: 'error', signal: deadline, headers: { ...textHeaders(headers), 'accept-encoding': 'identity', 'user-agent': 'bailiao' } });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new WechatPayError('unknown', 'BILL_NOT_DOWNLOADED', response.status);
    }
    const bytes = await bounded(response.body ?? [], FILE_LIMIT);
    return bytes[0] === 0x1f && bytes[1] === 0x8b ? await bounded(Readable.from([bytes]).pipe(createGunzip()), FILE_LIMIT) : bytes;
  } catch (error) {
    throw asPayError(error, signal);
  }
}

function answerOf(merchant: WechatPayMerchant, response: Response, bytes: Buffer): Answer {
  const verified = signatureFault(merchant, Object.fromEntries(response.headers), bytes, nowDate()) === undefined;
  const data = parse(bytes);
  if (!response.ok) throw errorOf(response.status, codeOf(data), verified);
  if (!verified) throw new WechatPayError('unknown', 'RESPONSE_NOT_VERIFIED', response.status);
  if (bytes.length > 0 && data === undefined) throw new WechatPayError('unknown', 'MALFORMED', response.status);
  return { status: response.status, data };
}

/** The same path and query on our host. An address that is neither official nor ours is not followed. */
export function onHost(url: string, baseUrl: string): string {
  const { origin, pathname, search } = new URL(url);
  if (origin !== OFFICIAL && origin !== 'https://api2.mch.weixin.qq.com' && origin !== new URL(baseUrl).origin) throw new WechatPayError('unknown', 'FOREIGN_HOST');
  return `${baseUrl}${pathname}${search}`;
}

async function bounded(stream: AsyncIterable<unknown> | Iterable<unknown>, limit: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = chunk as Uint8Array;
    size += bytes.length;
    if (size > limit) throw new WechatPayError('unknown', 'ANSWER_TOO_LONG');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  } catch {
    return undefined;
  }
}

function textHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' && name.toLowerCase() !== 'user-agent' ? [[name.toLowerCase(), value]] : [])));
}

/** Whoever aborted gets his own reason back; anything else that broke may have happened. */
function asPayError(error: unknown, signal: AbortSignal | undefined): Error {
  if (error instanceof WechatPayError) return error;
  if (signal?.aborted === true && !(signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError')) return signal.reason instanceof Error ? signal.reason : new Error('aborted');
  const cause = error instanceof Error ? ((error.cause as { code?: unknown } | undefined)?.code ?? error.name) : undefined;
  return new WechatPayError('unknown', typeof cause === 'string' && /^[A-Z_]{3,40}$/i.test(cause) ? cause.toUpperCase() : 'UNREACHABLE');
}
