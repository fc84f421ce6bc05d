/** Where a person wrote, and is written to: in the mini-program's own pages, or in WeChat's customer-service session. */
export const SUPPORT_CHANNELS = ['app', 'wechat'] as const;
export type SupportChannel = (typeof SUPPORT_CHANNELS)[number];

/** `open`: somebody waits for an answer. */
export const TICKET_STATES = ['open', 'answered', 'closed'] as const;
export type TicketState = (typeof TICKET_STATES)[number];

/** What a person wants of a person. At most one that is not closed for each. */
export interface Ticket {
  readonly id: string;
  /** By which WeChat knows the person. */
  readonly openid: string;
  /** Undefined for somebody who never logged in. */
  readonly userId: string | undefined;
  /** The answer that it is about, as the person says. */
  readonly runId: string | undefined;
  /** Where the person wrote last. */
  readonly channel: SupportChannel;
  readonly state: TicketState;
  readonly createdAt: Date;
  /** When the person wrote last. */
  readonly askedAt: Date;
  readonly closedAt: Date | undefined;
}

/** `kept`: to be read in the mini-program; `unknown`: WeChat did not say whether it took it, and it may have been read. */
export const DELIVERIES = ['kept', 'sending', 'sent', 'failed', 'unknown'] as const;
export type Delivery = (typeof DELIVERIES)[number];

export interface TicketMessage {
  readonly id: string;
  readonly author: 'user' | 'staff';
  readonly staffId: string | undefined;
  /** Of an image `text` is its address at WeChat, of another kind WeChat's name for it. */
  readonly kind: 'text' | 'image' | 'other';
  /** Undefined where its seal can't be opened. */
  readonly text: string | undefined;
  readonly via: SupportChannel;
  readonly delivery: Delivery;
  readonly createdAt: Date;
}

/** Most bytes (UTF-8) of a text that WeChat takes. */
export const WECHAT_TEXT_BYTES = 2_048;
/** A reply that was being sent this long ago was interrupted: nobody knows whether WeChat took it. */
const INTERRUPTED_MS = 60_000;

/** A delivery as it is known now. */
export function deliveryNow(delivery: Delivery, createdAt: Date, at: number): Delivery {
  return delivery === 'sending' && at - createdAt.getTime() > INTERRUPTED_MS ? 'unknown' : delivery;
}
