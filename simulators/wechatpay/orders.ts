import { randomBytes, randomInt } from 'node:crypto';
import { DAY_MS, beijingDay, beijingTime } from './clock.js';

export const MOST_ORDERS = 200_000;
export const MOST_PAYMENTS = 50;
const AUTO_CLOSE_MS = 7 * DAY_MS;

export type TradeState = 'NOTPAY' | 'SUCCESS' | 'REFUND' | 'CLOSED';
export type TradeType = 'JSAPI' | 'NATIVE' | 'MWEB';

/** Money that somebody gave for an order. An order has more than one only when a test forced it. */
export interface Payment {
  readonly transaction_id: string;
  readonly openid: string;
  readonly total: number;
  /** What the payer gave after coupons, fen. */
  readonly payer_total: number;
  readonly success_time: number;
}

export interface Order {
  readonly merchant_id: string;
  readonly out_trade_no: string;
  readonly app_id: string;
  readonly trade_type: TradeType;
  readonly description: string;
  readonly attach?: string;
  readonly notify_url: string;
  /** Fen. */
  readonly total: number;
  readonly openid?: string;
  readonly device_id?: string;
  /** SHA-256 of the first request's canonical parameters. */
  readonly fingerprint: string;
  readonly created_at: number;
  readonly expires_at?: number;
  prepay_id: string;
  prepay_at: number;
  /** When the order was last placed; an h5_url is good for five minutes from then. */
  posted_at: number;
  /** The part of a native order's code_url that names it. */
  readonly short: string;
  trade_state: TradeState;
  payments: Payment[];
}

/** All orders, found by number, by prepay id, by code and by transaction. Each change is saved before it is answered. */
export class Orders {
  readonly #orders = new Map<string, Order>();
  readonly #byPrepay = new Map<string, Order>();
  readonly #byShort = new Map<string, Order>();
  readonly #byTransaction = new Map<string, { readonly order: Order; readonly payment: Payment }>();
  readonly #save: (order: Order) => void;
  readonly #most: number;
  #newest: Order[] = [];

  constructor(save: (order: Order) => void = () => undefined, most = MOST_ORDERS) {
    this.#save = save;
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#orders.size >= this.#most;
  }

  /** Files an order, new or changed, and saves it. */
  put(order: Order): void {
    this.restore(order);
    this.#save(order);
  }

  /** Files an order without saving it. */
  restore(order: Order): void {
    const key = keyOf(order.merchant_id, order.out_trade_no);
    const before = this.#orders.get(key);
    if (!before) {
      this.#newest.push(order);
      if (this.#newest.length > 200) this.#newest = this.#newest.slice(-50);
    } else if (before !== order) {
      this.#newest = this.#newest.map((one) => (one === before ? order : one));
    }
    this.#orders.set(key, order);
    this.#byPrepay.set(order.prepay_id, order);
    this.#byShort.set(order.short, order);
    for (const payment of order.payments) this.#byTransaction.set(payment.transaction_id, { order, payment });
  }

  find(merchantId: string, outTradeNo: string): Order | undefined {
    return this.#orders.get(keyOf(merchantId, outTradeNo));
  }

  byPrepay(prepayId: string): Order | undefined {
    return this.#byPrepay.get(prepayId);
  }

  byShort(short: string): Order | undefined {
    return this.#byShort.get(short);
  }

  byTransaction(transactionId: string): { readonly order: Order; readonly payment: Payment } | undefined {
    return this.#byTransaction.get(transactionId);
  }

  /** Gives the order a new prepay id; the old one leads nowhere from now on. */
  renew(order: Order, now: number): void {
    this.#byPrepay.delete(order.prepay_id);
    order.prepay_id = newPrepayId(now);
    order.prepay_at = now;
  }

  /** The newest 50, newest first. */
  newest(): Order[] {
    return this.#newest.slice(-50).reverse();
  }

  all(): IterableIterator<Order> {
    return this.#orders.values();
  }

  /** The order's state now: one that nobody paid is closed after seven days, or at its `time_expire` if that is later. */
  stateOf(order: Order, now: number): TradeState {
    if (order.trade_state === 'NOTPAY' && now >= Math.max(order.created_at + AUTO_CLOSE_MS, order.expires_at ?? 0)) {
      order.trade_state = 'CLOSED';
      this.#save(order);
    }
    return order.trade_state;
  }
}

/** Numbers of WeChat's own for payments and refunds. They begin at a random place, so that a simulator without a state file repeats none of an earlier one. */
export class Serials {
  #next = randomInt(1, 8_000_000_000);

  transaction(now: number): string {
    return `4200002618${this.#take(now)}`;
  }

  refund(now: number): string {
    return `50300002618${this.#take(now)}`;
  }

  #take(now: number): string {
    this.#next += 1;
    return `${beijingDay(now).replaceAll('-', '')}${this.#next.toString().padStart(10, '0')}`;
  }
}

/** `wx`, day and time, 22 hex digits, `0000`: 36 characters. */
export function newPrepayId(now: number): string {
  const digits = beijingTime(now).replace(/\D/gu, '');
  return `wx${digits.slice(6, 14)}${randomBytes(11).toString('hex')}0000`;
}

function keyOf(merchantId: string, outTradeNo: string): string {
  return `${merchantId}/${outTradeNo}`;
}
