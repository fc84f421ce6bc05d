import type { Credits, Fen } from '../../platform/values/index.js';
import type { PayChannel, PrepayAnswer } from '../../wechat/index.js';

export type OrderState =
  /** Written down; WeChat may or may not know it. */
  | 'created'
  /** WeChat knows it and waits for the money. */
  | 'prepaid'
  | 'paid'
  | 'partly_refunded'
  | 'refunded'
  /** Nobody can pay it any more. */
  | 'closed';

/** Why an order moved. */
export type OrderCause = 'ordered' | 'prepaid' | 'notice' | 'query' | 'bill' | 'expired' | 'closed_at_wechat' | 'refund';

/**
 * The legal moves. `closed → paid` is the payment that was under way while the order was being closed: the money
 * arrived, so the credits are given. A partly refunded order may be refunded further.
 */
const MOVES: Readonly<Record<OrderState, readonly OrderState[]>> = {
  created: ['prepaid', 'paid', 'closed'],
  prepaid: ['paid', 'closed'],
  closed: ['paid'],
  paid: ['partly_refunded', 'refunded'],
  partly_refunded: ['partly_refunded', 'refunded'],
  refunded: [],
};

export const ORDER_STATES = Object.keys(MOVES) as readonly OrderState[];

export function mayMove(from: OrderState, to: OrderState): boolean {
  return MOVES[from].includes(to);
}

/** The states in which money is still expected. */
export function isOpen(state: OrderState): boolean {
  return state === 'created' || state === 'prepaid';
}

/** Where the price of an order came from; kept for good. */
export type Pricing =
  | { readonly kind: 'package'; readonly package_id: string; readonly package_name: string }
  | { readonly kind: 'dynamic'; readonly usd_per_1000: string; readonly exchange_rate: string; readonly exchange_rate_date: string; readonly exchange_rate_source: string; readonly markup: string };

/** A sale. Everything that the user was promised is frozen in it. */
export interface Order {
  readonly id: string;
  readonly userId: string;
  readonly packageId: string | undefined;
  readonly channel: PayChannel;
  readonly state: OrderState;
  readonly appId: string;
  readonly merchantId: string;
  /** What WeChat calls it. */
  readonly outTradeNo: string;
  /** Who has to pay; undefined where anybody may. */
  readonly openid: string | undefined;
  readonly clientIp: string | undefined;
  readonly description: string;
  readonly total: Fen;
  readonly credits: Credits;
  readonly bonusCredits: Credits;
  readonly pricing: Pricing;
  readonly requestDigest: string;
  readonly transactionId: string | undefined;
  readonly refunded: Fen;
  readonly expiresAt: Date;
  readonly queryCount: number;
  readonly paidAt: Date | undefined;
  readonly createdAt: Date;
}

/** An order, and what the client needs to pay it. */
export interface PayableOrder {
  readonly order: Order;
  /** undefined when there is nothing left to pay. */
  readonly payment: PrepayAnswer | undefined;
}

/** A new order may be paid for so long. */
export const ORDER_LIFE_MS = 30 * 60_000;
/** An open order is given again instead of a new one while at least so much of its time is left. */
export const REUSE_LEFT_MS = 5 * 60_000;
/** WeChat is asked so long after `expiresAt`, to close what was not paid. */
export const CLOSE_AFTER_MS = 60_000;

const SCHEDULE_MS = [5_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000] as const;

/** When WeChat is asked next: after 5 s, 30 s, 1, 2, 5, 10, 30 min; never later than the moment to close an order that is still open. */
export function nextQueryAt(now: Date, queryCount: number, expiresAt: Date): Date {
  const pause = SCHEDULE_MS[Math.min(queryCount, SCHEDULE_MS.length - 1)] ?? 0;
  const toClose = expiresAt.getTime() + CLOSE_AFTER_MS;
  const next = now.getTime() + pause;
  return new Date(now.getTime() < toClose ? Math.min(next, toClose) : next);
}
