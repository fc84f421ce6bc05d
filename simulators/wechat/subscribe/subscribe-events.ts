import { asTexts } from '../push/message.js';
import { pushEvent } from '../user-acts.js';
import type { Delivery } from '../push/sender.js';
import type { PushFields, PushValue } from '../push/message.js';
import type { UserEvent } from '../user-acts.js';
import type { WechatState } from '../wechat-state.js';

/** Its name, and the element that holds its list where it is XML. */
const EVENTS = {
  popup: ['subscribe_msg_popup_event', 'SubscribeMsgPopupEvent'],
  change: ['subscribe_msg_change_event', 'SubscribeMsgChangeEvent'],
  sent: ['subscribe_msg_sent_event', 'SubscribeMsgSentEvent'],
} as const;

type About = Pick<UserEvent, 'appid' | 'openid' | 'createTime'>;

/**
 * Pushes what a user did about subscribe messages, or what became of one. As JSON the list stands bare,
 * is the object itself where it has one item, and has numbers as texts; as XML it is wrapped.
 */
export function pushSubscribeEvent(state: WechatState, which: keyof typeof EVENTS, about: About, items: readonly PushFields[]): Promise<Delivery> {
  const [event, wrapper] = EVENTS[which];
  const fields = state.pushBook.of(about.appid)?.format === 'xml' ? { [wrapper]: { List: items } } : { List: bare(items.map(asTexts)) };
  return pushEvent(state, { ...about, event, fields });
}

function bare(items: readonly PushFields[]): PushValue {
  const [only] = items;
  return items.length === 1 && only ? only : items;
}
