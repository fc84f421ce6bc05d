import { BoundedMap } from '../bounded-map.js';
import { ControlError } from '../control-error.js';
import { digits } from './numbers.js';
import type { Clock } from '../clock.js';
import type { OrderState, VirtualOrder } from './order.js';

const MOST_ORDERS = 100_000;

/** What an order is made of. */
export type NewOrder = Pick<VirtualOrder, 'appid' | 'openid' | 'outTradeNo' | 'env' | 'isIos' | 'productId' | 'quantity' | 'originalFee' | 'fee' | 'attach'>;

/** Every order of every app; an `outTradeNo` is good for one request, paid or not. */
export class VirtualOrders {
  readonly #clock: Clock;
  readonly #orders = new BoundedMap<VirtualOrder>(MOST_ORDERS);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether there was a request of this number, paid or not. */
  isUsed(appid: string, outTradeNo: string): boolean {
    return this.#orders.has(keyOf(appid, outTradeNo));
  }

  /** Creates an order, unpaid. */
  create(order: NewOrder): VirtualOrder {
    const now = this.#clock.now();
    const created: VirtualOrder = { ...order, ...this.#numbers(order.isIos), createdAt: now, updatedAt: now, paidAt: undefined, providedAt: undefined, state: 1, leftFee: order.fee };
    this.#orders.set(keyOf(order.appid, order.outTradeNo), created);
    return created;
  }

  /** By the merchant's number. */
  find(appid: string, outTradeNo: string): VirtualOrder | undefined {
    return this.#orders.get(keyOf(appid, outTradeNo));
  }

  /** By WeChat's own number. */
  findByWxId(appid: string, wxOrderId: string): VirtualOrder | undefined {
    return this.#orders.values().find((order) => order.appid === appid && order.wxOrderId === wxOrderId);
  }

  /** An order of which a control call speaks. Throws ControlError. */
  known(appid: string, outTradeNo: string): VirtualOrder {
    const order = this.find(appid, outTradeNo);
    if (!order) throw new ControlError(404, 'This app has no order of this outTradeNo.');
    return order;
  }

  /** Moves an order on; its times follow where they are the first of their kind. */
  move(order: VirtualOrder, state: OrderState): void {
    const now = this.#clock.now();
    order.updatedAt = now;
    order.state = state;
    if (state >= 2 && state !== 6) order.paidAt ??= now;
    if (state === 4) order.providedAt ??= now;
  }

  /** WeChat's numbers for an order; Apple's has no transaction of WeChat Pay. */
  #numbers(isIos: boolean): Pick<VirtualOrder, 'wxOrderId' | 'channelOrderId' | 'wxpayOrderId'> {
    const day = new Date(this.#clock.now()).toISOString().slice(0, 10).replaceAll('-', '');
    return { wxOrderId: `MQ${day}${digits(12)}`, channelOrderId: isIos ? digits(15) : `JSA${day}${digits(12)}`, wxpayOrderId: isIos ? '' : `42000${digits(5)}${day}${digits(10)}` };
  }
}

function keyOf(appid: string, outTradeNo: string): string {
  return `${appid} ${outTradeNo}`;
}
