import { DomainError } from '../../platform/errors/index.js';
import type { WechatError } from '../../wechat/index.js';
import type { WindowRefusal } from './reply-window.js';

/** Not again until the person writes or comes. */
const COUNT_OVER = 45047;

/** Why WeChat lets nobody write to the person now. */
export function windowRefusal(refusal: WindowRefusal): DomainError {
  if (refusal === 'over') return new DomainError('conflict', { param: 'via', message: '用户 48 小时内没有发来消息，微信不允许回复；可改为站内回复 (the user has not written within 48 hours: WeChat takes no reply; reply in the app)' });
  return new DomainError('rate_limited', { param: 'via', message: '用户上次来信后的 5 条回复已用完，需等待用户再次发来消息；可改为站内回复 (the 5 replies to the user\'s last message are used up; reply in the app)' });
}

/** What WeChat says of the window, where it speaks of it. */
export function deniedBy(error: WechatError): WindowRefusal | undefined {
  if (error.kind !== 'window') return undefined;
  return error.errcode === COUNT_OVER ? 'used_up' : 'over';
}

/** Whether the message may have been taken although nobody said so. */
export function isUnknown(error: WechatError): boolean {
  return error.kind === 'unreachable' || error.kind === 'timeout' || error.kind === 'malformed';
}

/** What a refusal of WeChat means for staff. */
export function sendingRefusal(error: WechatError): DomainError {
  switch (error.kind) {
    case 'quota':
    case 'rate_limited':
      return new DomainError('rate_limited', { message: '微信接口调用次数已用完，请稍后再试 (the app\'s calls of WeChat are used up)', retryAfterMs: 60_000, cause: error });
    case 'busy':
      return new DomainError('unavailable', { message: '微信繁忙，请稍后再试 (WeChat is busy)', retryAfterMs: 2_000, cause: error });
    case 'bad_credentials':
    case 'token':
      return new DomainError('upstream_error', { message: '微信凭证配置有误 (WeChat is not set up correctly for this tenant)', cause: error });
    default:
      return new DomainError('upstream_error', { message: '微信拒绝了这条回复 (WeChat refused this reply)', cause: error });
  }
}
