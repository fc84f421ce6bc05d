import { randomBytes } from 'node:crypto';
import { PayError, invalidRequest, orderClosed, orderNotExist, orderPaid } from './pay-error.js';
import { PREPAY_LIFE_MS, stateOf } from './order.js';
import type { Clock } from '../wechat/clock.js';
import type { Journal } from './journal.js';
import type { Channel, Order, Payment } from './order.js';
import type { PrepayRequest } from './prepay-request.js';

const MOST = 500_000;

/** A wish to pay that cannot be fulfilled; for the control endpoint and the page. */
export class CannotPay extends Error {}

export interface PayWish {
  readonly openid: string | undefined;
  readonly payerTotal: number | undefined;
  readonly at: number | undefined;
  /** Pay although it is closed, expired or paid. */
  readonly force: boolean;
}

/** Orders of all merchants. */
export class Orders {
  readonly #byKey = new Map<string, Order>();
  readonly #byPrepayId = new Map<string, string>();
  readonly #clock: Clock;
  readonly #journal: Journal;
  #sequence = 0;

  constructor(clock: Clock, journal: Journal) {
    this.#clock = clock;
    this.#journal = journal;
  }

  /** Places an order, or gives a prepay id that is valid now for the same one again. Throws PayError. */
  prepay(merchantId: string, channel: Channel, request: PrepayRequest): Order {
    const now = this.#clock.now();
    const known = this.find(merchantId, request.outTradeNo);
    if (known) return this.#again(known, channel, request, now);
    if (this.#byKey.size >= MOST) throw new PayError(507, 'SYSTEM_ERROR', 'The simulator holds too many orders.');
    const { canonical, ...sold } = request;
    return this.put({ ...sold, canonical, merchantId, channel, createdAt: now, prepayId: prepayId(now), prepaidAt: now, closedAt: undefined, payments: [], refundStarted: false });
  }

  #again(known: Order, channel: Channel, request: PrepayRequest, now: number): Order {
    const state = stateOf(known, now);
    if (state === 'SUCCESS' || state === 'REFUND') throw orderPaid();
    if (state === 'CLOSED' || now > known.expiresAt) throw orderClosed();
    if (known.channel !== channel || known.canonical !== request.canonical) throw invalidRequest('请求重入时，参数与首次请求时不一致', 268498688);
    return now > known.prepaidAt + PREPAY_LIFE_MS ? this.put({ ...known, prepayId: prepayId(now), prepaidAt: now }) : known;
  }

  find(merchantId: string, outTradeNo: string): Order | undefined {
    return this.#byKey.get(`${merchantId}:${outTradeNo}`);
  }

  /** Of any merchant, for those who know the number only. */
  findAny(outTradeNo: string): Order | undefined {
    for (const order of this.#byKey.values()) if (order.outTradeNo === outTradeNo) return order;
    return undefined;
  }

  byPrepayId(id: string): Order | undefined {
    const key = this.#byPrepayId.get(id);
    return key === undefined ? undefined : this.#byKey.get(key);
  }

  byTransactionId(merchantId: string, transactionId: string): Order | undefined {
    return this.ofMerchant(merchantId).find((order) => order.payments.some((payment) => payment.transactionId === transactionId));
  }

  ofMerchant(merchantId: string): Order[] {
    return [...this.#byKey.values()].filter((order) => order.merchantId === merchantId);
  }

  all(): Order[] {
    return [...this.#byKey.values()];
  }

  /** Throws PayError for one that is paid. Closing it again is fine. */
  close(merchantId: string, outTradeNo: string): void {
    const order = this.find(merchantId, outTradeNo);
    if (!order) throw orderNotExist();
    const state = stateOf(order, this.#clock.now());
    if (state === 'SUCCESS' || state === 'REFUND') throw orderPaid();
    if (state === 'NOTPAY') this.put({ ...order, closedAt: this.#clock.now() });
  }

  /** The payer pays. Throws CannotPay. */
  pay(order: Order, wish: PayWish): { readonly order: Order; readonly payment: Payment } {
    const now = this.#clock.now();
    const openid = wish.openid ?? order.openid ?? `oPayer${order.outTradeNo.slice(-8)}`;
    if (order.openid !== undefined && openid !== order.openid) throw new CannotPay('只有下单的用户才能支付 (only the openid that ordered can pay)');
    if (!wish.force && (stateOf(order, now) !== 'NOTPAY' || now > order.expiresAt)) throw new CannotPay(`订单不能支付：${now > order.expiresAt ? 'EXPIRED' : stateOf(order, now)} (this order can't be paid)`);
    if (wish.payerTotal !== undefined && !(wish.payerTotal >= 0 && wish.payerTotal <= order.total)) throw new CannotPay('payer_total must be from 0 to the total');
    const payment = { transactionId: this.#transactionId(now), openid, total: order.total, payerTotal: wish.payerTotal ?? order.total, at: wish.at ?? now };
    return { order: this.put({ ...order, payments: [...order.payments, payment] }), payment };
  }

  /** Keeps a state of an order, in the journal first. */
  put(order: Order): Order {
    this.#journal.write({ kind: 'order', value: order });
    return this.restore(order);
  }

  restore(order: Order): Order {
    const key = `${order.merchantId}:${order.outTradeNo}`;
    this.#byKey.set(key, order);
    this.#byPrepayId.set(order.prepayId, key);
    return order;
  }

  #transactionId(now: number): string {
    this.#sequence += 1;
    return `42000026${new Date(now + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '')}${randomBytes(3).readUIntBE(0, 3).toString().padStart(8, '0').slice(-6)}${this.#sequence.toString().padStart(6, '0').slice(-6)}`;
  }
}

/** 36 characters, as WeChat's are. */
function prepayId(now: number): string {
  return `wx${new Date(now + 8 * 3_600_000).toISOString().replaceAll(/\D/gu, '').slice(0, 14)}${randomBytes(10).toString('hex')}`;
}
