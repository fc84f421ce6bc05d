import { ApiError, NUMBERS } from './api-error.js';
import { SCHEME, requestMessage, verifyMessage } from './signing.js';
import type { Merchant, Merchants } from './merchants.js';

const WINDOW_S = 300;
const SHOWN_BODY_BYTES = 7;
const FIELDS = ['mchid', 'nonce_str', 'signature', 'timestamp', 'serial_no'] as const;

/** A request as it came in, before anything was parsed. */
export interface RawRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly authorization: string | undefined;
  readonly body: Buffer;
}

/**
 * The merchant that signed this request. Throws 401 SIGN_ERROR; where the signature itself is
 * wrong, `detail.sign_information` shows the string that was verified, as WeChat Pay does.
 */
export function authorize(request: RawRequest, merchants: Merchants, nowMs: number): Merchant {
  const named = parseAuthorization(request.authorization);
  if (!named) throw refusal('Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》', 'authorization', request.authorization?.slice(0, 64) ?? '');
  const { mchid, nonce_str: nonce, signature, timestamp, serial_no: serial } = named;
  if (!/^\d{1,10}$/u.test(timestamp) || Math.abs(nowMs / 1000 - Number(timestamp)) > WINDOW_S) throw refusal('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟', 'timestamp', timestamp);
  if (!/^[0-9A-Za-z]{1,32}$/u.test(nonce)) throw refusal('Http头Authorization中的nonce_str应为32位以内的字母和数字', 'nonce_str', nonce.slice(0, 64));
  const merchant = merchants.get(mchid);
  const key = merchants.keyOf(mchid);
  if (!merchant || !key) throw refusal('商户号不存在', 'mchid', mchid.slice(0, 64));
  if (serial.toUpperCase() !== merchant.merchant_serial.toUpperCase()) throw refusal('商户证书序列号有误，请检查', 'serial_no', serial.slice(0, 64));
  const message = requestMessage(request.method, request.target, timestamp, nonce, request.body);
  if (!verifyMessage(key, message, signature)) throw mismatch(request, message, timestamp, nonce);
  return merchant;
}

/** The five named values in any order; undefined when the scheme, one of them or the form is wrong. */
export function parseAuthorization(header: string | undefined): Record<(typeof FIELDS)[number], string> | undefined {
  if (!header?.startsWith(`${SCHEME} `)) return undefined;
  const found = new Map<string, string>();
  for (const pair of header.slice(SCHEME.length + 1).split(',')) {
    const match = /^\s*([a-z_]+)="([^"]*)"\s*$/u.exec(pair);
    if (!match || found.has(match[1] as string)) return undefined;
    found.set(match[1] as string, match[2] as string);
  }
  if (!FIELDS.every((name) => found.has(name))) return undefined;
  return Object.fromEntries(found) as Record<(typeof FIELDS)[number], string>;
}

function refusal(message: string, field: string, value: string): ApiError {
  return new ApiError('SIGN_ERROR', message, { number: NUMBERS.signature, detail: { detail: { issue: message }, field, value, location: 'authorization' } });
}

function mismatch({ method, target, body }: RawRequest, message: Buffer, timestamp: string, nonce: string): ApiError {
  const start = body.subarray(0, SHOWN_BODY_BYTES).toString('utf8');
  return new ApiError('SIGN_ERROR', '签名错误，请检查后再试', {
    number: NUMBERS.signature,
    detail: {
      detail: { issue: 'sign not match' },
      field: 'signature',
      location: 'authorization',
      sign_information: { method, url: target, sign_message_length: message.length, truncated_sign_message: `${method}\n${target}\n${timestamp}\n${nonce}\n${start}\n` },
    },
  });
}
