/**
 * How a call of the WeChat open API can fail; a closed list.
 * `unreachable`: network or 5xx; the outcome is unknown. `timeout`: the same, for an answer that did not come in time.
 * `malformed`: an answer that is not the protocol's. `token`: the access token is refused; another one may do.
 * `not_seen`: the user was not in the mini-program within two hours (61010). `openid`: it is none of this app's.
 * `quota`: the app's calls of the minute or the day are used up. `window`: the user has not written or come for too
 * long, or was written to too often. `busy`: WeChat's -1, or too many calls of this process.
 * `refused`: any errcode that has no name here.
 */
export const WECHAT_ERROR_KINDS = [
  'bad_code', 'rate_limited', 'high_risk_user', 'busy', 'bad_credentials', 'token', 'not_seen', 'openid', 'quota', 'window', 'refused', 'unreachable', 'timeout', 'malformed',
] as const;
export type WechatErrorKind = (typeof WECHAT_ERROR_KINDS)[number];

/** A failed call. It never holds a code, a secret, a token or an address that contains one. */
export class WechatError extends Error {
  override readonly name = 'WechatError';

  constructor(readonly kind: WechatErrorKind, detail: string, /** WeChat's own number, where it told one. */ readonly errcode?: number) {
    super(`WeChat: ${kind} (${detail})`);
  }
}
