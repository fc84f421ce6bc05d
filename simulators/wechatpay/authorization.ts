import { verify } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PayError } from './pay-error.js';
import type { Merchant, Merchants } from './merchants.js';

const SCHEME = 'WECHATPAY2-SHA256-RSA2048 ';
const WINDOW_SECONDS = 300;
const FIELDS = ['mchid', 'nonce_str', 'signature', 'timestamp', 'serial_no'] as const;

/** Checks a request's signature on what really arrived, as WeChat does. Throws 401 SIGN_ERROR, which is answered unsigned. */
export function authorize(request: IncomingMessage, body: Buffer, merchants: Merchants): Merchant {
  const fields = fieldsOf(request.headers.authorization);
  const merchant = merchants.get(fields.mchid);
  if (!merchant) throw signError('商户号不存在', 'mchid');
  if (merchant.serial.toUpperCase() !== fields.serial_no.toUpperCase()) throw signError('证书序列号有误', 'serial_no');
  if (!/^\d{1,12}$/u.test(fields.timestamp) || Math.abs(Date.now() / 1000 - Number(fields.timestamp)) > WINDOW_SECONDS) throw signError('时间戳已过期', 'timestamp');
  const message = `${request.method}\n${request.url}\n${fields.timestamp}\n${fields.nonce_str}\n${body.toString('utf8')}\n`;
  if (!verify('sha256', Buffer.from(message), merchant.key, Buffer.from(fields.signature, 'base64'))) throw mismatch(request, message, fields);
  return merchant;
}

function fieldsOf(header: string | undefined): Record<(typeof FIELDS)[number], string> {
  if (!header?.startsWith(SCHEME)) throw signError('Http头Authorization值格式错误', 'authorization');
  const found: Record<string, string | undefined> = Object.fromEntries([...header.slice(SCHEME.length).matchAll(/(\w+)="([^"]*)"/gu)].map((match) => [match[1] ?? '', match[2]]));
  const missing = FIELDS.find((field) => !found[field]);
  if (missing) throw signError(`Authorization缺少${missing}`, missing);
  return found as Record<(typeof FIELDS)[number], string>;
}

function signError(message: string, field: string): PayError {
  return new PayError(401, 'SIGN_ERROR', message, 268443699, { detail: { issue: message }, field, location: 'authorization' });
}

/** Tells what WeChat would have signed, which is what a developer needs here (reference 3.1). */
function mismatch(request: IncomingMessage, message: string, fields: Record<'timestamp' | 'nonce_str', string>): PayError {
  const truncated = `${request.method}\n${request.url}\n${fields.timestamp}\n${fields.nonce_str.slice(0, 4)}…\n${message.split('\n').slice(4).join('\n').slice(0, 8)}`;
  return new PayError(401, 'SIGN_ERROR', '签名错误', 268443699, {
    detail: { issue: 'sign not match' }, field: 'signature', location: 'authorization',
    sign_information: { method: request.method, url: request.url, sign_message_length: Buffer.byteLength(message), truncated_sign_message: truncated },
  });
}
