import type { ClientKind, ClientPlatform } from '../../platform/context/index.js';

/** What is known of a request before anybody logged in. */
export interface Caller {
  readonly requestId: string;
  readonly ip: string;
  readonly locale: 'zh' | 'en';
  readonly client: ClientKind;
  readonly platform: ClientPlatform;
}

/** Mini-programs send their own referer; WeChat's web view and its older bases name themselves. */
export function clientKindOf(referer: string | undefined, userAgent: string | undefined): 'wxapp' | 'web' {
  return referer?.startsWith('https://servicewechat.com/') || userAgent?.includes('MicroMessenger') ? 'wxapp' : 'web';
}
