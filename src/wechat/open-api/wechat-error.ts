/**
 * How a call of the WeChat open API can fail; a closed list.
 * `unreachable`: network, timeout, 5xx or an answer that is not the protocol's; the outcome is unknown.
 * `refused`: any errcode that has no name here.
 */
export type WechatErrorKind = 'bad_code' | 'rate_limited' | 'high_risk_user' | 'busy' | 'bad_credentials' | 'refused' | 'unreachable';

/** A failed call. It never holds a code, a secret or an address that contains one. */
export class WechatError extends Error {
  override readonly name = 'WechatError';

  constructor(readonly kind: WechatErrorKind, detail: string) {
    super(`WeChat: ${kind} (${detail})`);
  }
}
