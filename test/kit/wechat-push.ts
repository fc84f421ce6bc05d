import { pathOf, wechatControl, type Json } from './wechat-control.js';
import type { TestTenant } from './factories.js';
import type { Platform } from './platform.js';

/** An app's message push as WeChat's console has it. */
export interface WechatPushForm {
  readonly token: string;
  /** 43 letters and digits; needed unless the mode is plain. */
  readonly encodingAesKey?: string;
  readonly mode: 'plain' | 'compatible' | 'secure';
  /** JSON unless told. */
  readonly format?: 'json' | 'xml';
  /** The first process's `/webhooks/wechat/{tenant}` unless told. */
  readonly url?: string;
  /** The original id, `gh_…`. */
  readonly userName?: string;
  /** How long WeChat waits for an answer; 5,000 ms unless told. */
  readonly answerMs?: number;
}

/** How a push is made: as WeChat makes it, or as somebody who forges it. */
export type WechatVariant = 'good' | 'bad_signature' | 'bad_msg_signature' | 'no_signature' | 'wrong_appid' | 'stale_timestamp' | 'tampered' | 'unencrypted';

export interface WechatManner {
  readonly variant?: WechatVariant;
  /** Sent so often, one after the other or all at once. */
  readonly times?: number;
  readonly parallel?: boolean;
  /** Of an earlier message, to send it again. */
  readonly msgId?: string;
  /** Seconds since 1970. */
  readonly createTime?: number;
}

/** What became of one push. */
export interface WechatDelivery {
  readonly outcome: 'accepted' | 'transferred' | 'invalid' | 'unanswered' | 'no_address' | 'human' | 'dropped';
  readonly attempts: readonly { readonly status: number; readonly ms: number; readonly reply?: { readonly kind: string; readonly encrypted: boolean; readonly reason?: string } }[];
  readonly message: Json;
}

/** What a user sees in the customer-service session. */
export interface WechatReceived {
  readonly messages: readonly { readonly at: string; readonly msgtype: string; readonly content: Json }[];
  readonly typing: boolean;
  /** How many answers WeChat would still let through now. */
  readonly answersLeft: number;
  readonly human: boolean;
}

/** Tells WeChat where and how this tenant's app wants its messages. */
export async function setWechatPush(platform: Platform, tenant: TestTenant, form: WechatPushForm): Promise<void> {
  const url = new URL(`/webhooks/wechat/${tenant.id}`, platform.node.url).toString();
  await wechatControl(platform, 'PUT', '/control/push', { appid: tenant.appId, url, ...form });
}

/** WeChat tries the address as the console does. @returns whether it echoed, and the status. */
export async function checkWechatPush(platform: Platform, tenant: TestTenant, variant?: 'bad_signature' | 'no_signature' | 'stale_timestamp'): Promise<{ readonly echoed: boolean; readonly status: number; readonly body: string }> {
  return (await wechatControl(platform, 'POST', '/control/push/check', { appid: tenant.appId, ...(variant === undefined ? {} : { variant }) })) as { echoed: boolean; status: number; body: string };
}

/** The user writes a text to the app's customer service. Ends when WeChat has its answers. */
export async function userWrites(platform: Platform, tenant: TestTenant, openid: string, content: string, manner: WechatManner = {}): Promise<{ readonly msgId: string; readonly deliveries: readonly WechatDelivery[] }> {
  return (await wechatControl(platform, 'POST', '/control/messages', { appid: tenant.appId, openid, content, ...manner })) as { msgId: string; deliveries: WechatDelivery[] };
}

/** The user opens the customer-service session. */
export async function userEnters(platform: Platform, tenant: TestTenant, openid: string, manner: WechatManner = {}): Promise<readonly WechatDelivery[]> {
  return (await wechatControl(platform, 'POST', '/control/sessions', { appid: tenant.appId, openid, ...manner })).deliveries as WechatDelivery[];
}

/** Any other event, with the fields given. */
export async function pushWechatEvent(platform: Platform, tenant: TestTenant, openid: string, event: string, fields: Record<string, unknown> = {}, manner: WechatManner = {}): Promise<readonly WechatDelivery[]> {
  return (await wechatControl(platform, 'POST', '/control/events', { appid: tenant.appId, openid, event, fields, ...manner })).deliveries as WechatDelivery[];
}

/** What was pushed to the app of this tenant, of one event or message type; with `atLeast` once so many are over (10 s at most). */
export async function wechatPushes(platform: Platform, tenant: TestTenant, type: string, atLeast?: number): Promise<readonly WechatDelivery[]> {
  return (await wechatControl(platform, 'GET', pathOf('/control/pushes', { appid: tenant.appId, type, atLeast }))).pushes as WechatDelivery[];
}

/** What this user received; with `atLeast` once so many messages are there (10 s at most). */
export async function receivedBy(platform: Platform, tenant: TestTenant, openid: string, atLeast?: number): Promise<WechatReceived> {
  return (await wechatControl(platform, 'GET', pathOf('/control/received', { appid: tenant.appId, openid, atLeast }))) as WechatReceived;
}

/** No answer reaches this user any more (45015) until they write or come back. */
export async function endWindows(platform: Platform, tenant: TestTenant, openid: string): Promise<void> {
  await wechatControl(platform, 'DELETE', pathOf('/control/windows', { appid: tenant.appId, openid }));
}

/** The human hangs up: what the user writes is pushed again. @returns whether there was a session. */
export async function closeHumanSession(platform: Platform, tenant: TestTenant, openid: string): Promise<boolean> {
  return (await wechatControl(platform, 'DELETE', pathOf('/control/human', { appid: tenant.appId, openid }))).closed as boolean;
}

/** A word in a picture's address and its verdict. */
export interface WechatMediaRule {
  readonly keyword: string;
  readonly suggest?: 'pass' | 'review' | 'risky';
  readonly label?: number;
  /** Not 0: it could not be judged. */
  readonly errcode?: number;
  /** Nothing is pushed. */
  readonly never?: boolean;
}

/** When and by which words in their addresses this tenant's pictures are judged; what is not told is as usual. */
export async function judgeMediaBy(platform: Platform, tenant: TestTenant, plan: { readonly delayMs?: number; readonly rules?: readonly WechatMediaRule[] }): Promise<void> {
  await wechatControl(platform, 'PUT', '/control/media', { appid: tenant.appId, ...plan });
}

/** Pushes a verdict by hand: of a check that would have none, or once more. */
export async function pushMediaVerdict(platform: Platform, traceId: string, verdict: Omit<WechatMediaRule, 'keyword' | 'never'>): Promise<WechatDelivery> {
  return (await wechatControl(platform, 'POST', '/control/media/verdict', { trace_id: traceId, ...verdict })) as WechatDelivery;
}
