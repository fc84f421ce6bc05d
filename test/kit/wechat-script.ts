import { pathOf, wechatControl, type Json } from './wechat-control.js';
import type { TestTenant } from './factories.js';
import type { Platform } from './platform.js';

/** What calls of the simulated WeChat API meet instead of, or before, an answer (simulators/README.md lists all of it). */
export interface WechatFault {
  /** Only calls whose path begins with this. */
  readonly path?: string;
  /** Only calls of this app that show its token. */
  readonly appid?: string;
  readonly errcode?: number;
  readonly status?: number;
  readonly delayMs?: number;
  readonly hang?: boolean;
  readonly reset?: boolean;
  /** Do the work first: only the answer is lost. */
  readonly after?: boolean;
}

/** A word and what `msg_sec_check` says of a text with it. */
export interface WechatWord {
  readonly keyword: string;
  /** `risky` unless told. */
  readonly suggest?: 'pass' | 'review' | 'risky';
  /** 21000 unless told. */
  readonly label?: number;
  readonly prob?: number;
  readonly level?: number;
  readonly strategy?: 'content_model' | 'keyword';
  /** Not 0: the strategy failed and its item does not count. */
  readonly errcode?: number;
}

/** The paths that tests ask about. */
export const WECHAT_PATHS = {
  stableToken: '/cgi-bin/stable_token',
  textCheck: '/wxa/msg_sec_check',
  mediaCheck: '/wxa/media_check_async',
  customerSend: '/cgi-bin/message/custom/send',
  customerTyping: '/cgi-bin/message/custom/typing',
} as const;

/** What one app called on one path; `errors` counts by errcode, 0 is success. */
export interface WechatCalls {
  readonly calls: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly last: readonly { readonly at: string; readonly errcode?: number; readonly asked?: Json }[];
}

/** The next calls meet `next`, one each; all others the default. */
export async function scriptWechat(platform: Platform, script: { readonly default?: WechatFault; readonly next?: readonly WechatFault[] }): Promise<void> {
  await wechatControl(platform, 'PUT', '/control/script', script);
}

export async function healWechat(platform: Platform): Promise<void> {
  await scriptWechat(platform, {});
}

/** The words by which this tenant's texts are judged, in place of the usual ones (色情测试, 人工复核测试, …). */
export async function judgeTextsBy(platform: Platform, tenant: TestTenant, words: readonly WechatWord[]): Promise<void> {
  await wechatControl(platform, 'PUT', '/control/words', { appid: tenant.appId, words });
}

/** How often this tenant's app may call a path; what is not told is as WeChat has it. */
export async function limitWechat(platform: Platform, tenant: TestTenant, path: string, limits: { readonly perMinute?: number; readonly perDay?: number }): Promise<void> {
  await wechatControl(platform, 'PUT', '/control/limits', { appid: tenant.appId, path, ...limits });
}

/** Ends all access tokens of this tenant's app now. @returns how many there were. */
export async function revokeTokens(platform: Platform, tenant: TestTenant, as: 40001 | 40014 | 42001 = 40001): Promise<number> {
  return (await wechatControl(platform, 'DELETE', pathOf('/control/tokens', { appid: tenant.appId, as }))).revoked as number;
}

/** WeChat saw the user that long ago, or `never`: from two hours on its checks answer 61010. */
export async function lastSeen(platform: Platform, tenant: TestTenant, openid: string, msAgo: number | 'never'): Promise<void> {
  await wechatControl(platform, 'POST', '/control/openids', { appid: tenant.appId, openid, ...(msAgo === 'never' ? { forget: true } : { seenMsAgo: msAgo }) });
}

/** What this tenant's app called on a path; with `atLeast` once it called that often (10 s at most). */
export async function wechatCalls(platform: Platform, tenant: TestTenant, path: string, atLeast?: number): Promise<WechatCalls> {
  return (await wechatControl(platform, 'GET', pathOf('/control/calls', { appid: tenant.appId, path, atLeast }))) as WechatCalls;
}
