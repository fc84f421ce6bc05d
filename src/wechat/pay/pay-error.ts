/**
 * Every call to WeChat Pay has three ends beside done. `refused`: WeChat said no, and its signature says that it was
 * WeChat. `unknown`: it may have happened; ask again with the same number. `misconfigured`: keys, AppID or rights of
 * the merchant are wrong, and asking again will not help.
 */
export type WechatPayErrorKind = 'refused' | 'unknown' | 'misconfigured';

/** The message holds WeChat's code and nothing of keys, headers or bodies. */
export class WechatPayError extends Error {
  override readonly name = 'WechatPayError';

  constructor(readonly kind: WechatPayErrorKind, /** WeChat's code in its present spelling, or one of ours. */ readonly code: string, readonly status?: number) {
    super(`WeChat Pay: ${code}${status === undefined ? '' : ` (HTTP ${status})`}`);
  }
}

/** Older spellings that are still seen (reference: 4.1 and 8.3). */
const SPELLING: Readonly<Record<string, string>> = {
  ORDERPAID: 'ORDER_PAID', ORDERCLOSED: 'ORDER_CLOSED', ORDERNOTEXIST: 'ORDER_NOT_EXIST', NOTENOUGH: 'NOT_ENOUGH', NOAUTH: 'NO_AUTH', SYSTEMERROR: 'SYSTEM_ERROR',
  RULELIMIT: 'RULE_LIMIT', ACCOUNTERROR: 'ACCOUNT_ERROR', BANKERROR: 'BANK_ERROR', USERPAYING: 'USER_PAYING', RATELIMIT_EXCEEDED: 'FREQUENCY_LIMITED', FREQUENCY_LIMIT: 'FREQUENCY_LIMITED',
};
const OUR_FAULT = new Set(['SIGN_ERROR', 'APPID_MCHID_NOT_MATCH', 'MCH_NOT_EXISTS', 'NO_AUTH']);
const CODE = /^[A-Z0-9_]{2,64}$/;

/** The code of an error's body; one that is none of WeChat's forms is not repeated. */
export function codeOf(body: unknown): string {
  const code = typeof body === 'object' && body !== null ? (body as { code?: unknown }).code : undefined;
  if (typeof code !== 'string' || !CODE.test(code)) return 'NO_CODE';
  return SPELLING[code] ?? code;
}

/**
 * What an answer that is no success means. Whether an order is paid, closed or unheard of is believed from WeChat's
 * signature only; answers to a request with a bad signature are not signed.
 */
export function errorOf(status: number, code: string, verified: boolean): WechatPayError {
  if (status === 401) return new WechatPayError('misconfigured', code, status);
  if (status === 429 || status >= 500) return new WechatPayError('unknown', code, status);
  if (!verified) return new WechatPayError('unknown', 'RESPONSE_NOT_VERIFIED', status);
  return new WechatPayError(OUR_FAULT.has(code) ? 'misconfigured' : 'refused', code, status);
}
