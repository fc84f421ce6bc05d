import { DomainError } from '../../platform/errors/index.js';
import type { WechatError, WechatErrorKind } from '../../wechat/index.js';

const unreachable = (cause: WechatError): DomainError => new DomainError('unavailable', { retryAfterMs: 2_000, message: '暂时无法连接微信，请稍后再试 (WeChat can not be reached)', cause });
const refused = (cause: WechatError): DomainError => new DomainError('upstream_error', { message: '微信登录失败，请稍后再试 (WeChat refused the login)', cause });

/** What a refusal of WeChat means for the person who logs in. Faults of the tenant's set-up are ours to tell apart in the log, not the user's. */
const MEANING: Readonly<Record<WechatErrorKind, (cause: WechatError) => DomainError>> = {
  bad_code: (cause) => new DomainError('unauthenticated', { param: 'code', message: '微信登录凭证无效或已使用，请重新登录 (the wx.login code is invalid, expired or used)', cause }),
  high_risk_user: (cause) => new DomainError('forbidden', { message: '微信拒绝了此账号的登录 (WeChat refuses to log this account in)', cause }),
  rate_limited: (cause) => new DomainError('rate_limited', { retryAfterMs: 10_000, cause }),
  busy: (cause) => new DomainError('unavailable', { retryAfterMs: 2_000, message: '微信繁忙，请稍后再试 (WeChat is busy)', cause }),
  unreachable,
  timeout: unreachable,
  malformed: unreachable,
  bad_credentials: (cause) => new DomainError('upstream_error', { message: '微信登录尚未正确配置 (WeChat login is not set up correctly for this tenant)', cause }),
  refused,
  // No answer to a login says these.
  token: refused,
  not_seen: refused,
  openid: refused,
  quota: refused,
  window: refused,
};

export function refusalOf(error: WechatError): DomainError {
  return MEANING[error.kind](error);
}
