import type { Course, Delivery } from './push/sender.js';
import type { PushFields, PushMessage } from './push/message.js';
import type { Variant } from './push/letter.js';
import type { WechatState } from './wechat-state.js';

/** How a push goes out; unset: once, as WeChat would. */
export interface Manner {
  readonly variant?: Variant;
  /** How often it is sent, as WeChat repeats what was answered too late. */
  readonly times?: number;
  /** All at once instead of one after the other. */
  readonly parallel?: boolean;
}

/** An event of a user, of any name: what the simulator makes itself, and what a test invents. */
export interface UserEvent {
  readonly appid: string;
  readonly openid: string;
  readonly event: string;
  readonly fields?: PushFields;
  /** Seconds since 1970; now unless told. */
  readonly createTime?: number | undefined;
}

/** Pushes an event once, as WeChat would, by the course of its kind. */
export async function pushEvent(state: WechatState, event: UserEvent, variant: Variant = 'good', course?: Course): Promise<Delivery> {
  return state.sender.send(event.appid, eventMessage(state, event), variant, course);
}

/** Pushes an event in the manner that a test asks for: the very same message each time. */
export async function pushEvents(state: WechatState, event: UserEvent, manner: Manner): Promise<Delivery[]> {
  const message = eventMessage(state, event);
  return repeat(manner, (variant) => state.sender.send(event.appid, message, variant));
}

/** The user enters the customer-service session: two answers within a minute, and the event. */
export async function enterSession(state: WechatState, event: Omit<UserEvent, 'event'>, manner: Manner): Promise<Delivery[]> {
  if ((manner.variant ?? 'good') === 'good') {
    state.openids.see(event.appid, event.openid);
    state.windows.entered(event.appid, event.openid);
  }
  return pushEvents(state, { ...event, event: 'user_enter_tempsession' }, manner);
}

/** A user's message; `type` is its MsgType and `fields` what this type has. */
export interface UserMessage {
  readonly appid: string;
  readonly openid: string;
  readonly type: string;
  readonly fields: PushFields;
  /** That of an earlier message, to send it again; a new one unless told. */
  readonly msgId: bigint;
  readonly createTime?: number | undefined;
}

/**
 * The user writes: five answers within 48 hours, and the message is pushed unless a human speaks with
 * them. A forged one (another variant than `good`) is no act of the user and opens nothing.
 */
export async function write(state: WechatState, { appid, openid, type, fields, msgId, createTime }: UserMessage, manner: Manner): Promise<Delivery[]> {
  const { variant = 'good' } = manner;
  const message = { ...envelope(state, appid, openid, createTime), MsgType: type, ...fields, MsgId: msgId };
  if (variant === 'good') {
    state.openids.see(appid, openid);
    state.windows.wrote(appid, openid);
    if (state.humans.isOpen(appid, openid)) return [state.sender.keep({ appid, message, variant, outcome: 'human', attempts: [] })];
  }
  const deliveries = await repeat(manner, () => state.sender.send(appid, message, variant));
  if (variant === 'good' && deliveries.some(({ outcome }) => outcome === 'transferred')) state.humans.open(appid, openid);
  return deliveries;
}

function eventMessage(state: WechatState, { appid, openid, event, fields, createTime }: UserEvent): PushMessage {
  return { ...envelope(state, appid, openid, createTime), MsgType: 'event', Event: event, ...fields };
}

/** Pushes carry the real time, not the advanced one: servers compare it with theirs. */
function envelope(state: WechatState, appid: string, openid: string, createTime = Math.floor(Date.now() / 1000)): Pick<PushMessage, 'ToUserName' | 'FromUserName' | 'CreateTime'> {
  return { ToUserName: state.pushBook.of(appid)?.userName ?? 'gh_unknown', FromUserName: openid, CreateTime: createTime };
}

/** Pushes in the manner that a test asks for, all at once or one after the other. Rejects as `push` does. */
export async function repeat({ variant = 'good', times = 1, parallel = false }: Manner, push: (variant: Variant) => Promise<Delivery>): Promise<Delivery[]> {
  if (parallel) return Promise.all(Array.from({ length: times }, () => push(variant)));
  const deliveries: Delivery[] = [];
  while (deliveries.length < times) deliveries.push(await push(variant));
  return deliveries;
}
