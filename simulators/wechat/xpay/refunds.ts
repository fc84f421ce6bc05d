import { BoundedMap } from '../bounded-map.js';
import { ControlError } from '../control-error.js';
import { digits } from './numbers.js';
import type { Clock } from '../clock.js';
import type { VirtualOrder } from './order.js';
import type { VirtualOrders } from './orders.js';
import type { VirtualRefund } from './refund.js';

const MOST_REFUNDS = 100_000;

/** What is given back of an order, and under which numbers. */
export type NewRefund = Pick<VirtualRefund, 'order' | 'refundOrderId' | 'fee' | 'bizMeta'>;

/** Every refund of every app, by the merchant's number or else WeChat's. */
export class VirtualRefunds {
  readonly #clock: Clock;
  readonly #orders: VirtualOrders;
  readonly #refunds = new BoundedMap<VirtualRefund>(MOST_REFUNDS);

  constructor(clock: Clock, orders: VirtualOrders) {
    this.#clock = clock;
    this.#orders = orders;
  }

  /** By the merchant's number, or else WeChat's. */
  find(appid: string, refundOrderId: string): VirtualRefund | undefined {
    return this.#refunds.get(`${appid} ${refundOrderId}`);
  }

  /** A refund of which a control call speaks. Throws ControlError. */
  known(appid: string, refundOrderId: string): VirtualRefund {
    const refund = this.find(appid, refundOrderId);
    if (!refund) throw new ControlError(404, 'This app has no refund of this number.');
    return refund;
  }

  /** Takes the money from the merchant; an order of which nothing is left is refunded (5). */
  begin({ order, ...refund }: NewRefund): VirtualRefund {
    const wxRefundId = `MR${digits(20)}`;
    const begun: VirtualRefund = { ...refund, order, wxRefundId, wxpayRefundId: order.isIos ? '' : `50300${digits(23)}`, startedAt: this.#clock.now(), endedAt: undefined, state: 5 };
    this.#refunds.set(`${order.appid} ${refund.refundOrderId === '' ? wxRefundId : refund.refundOrderId}`, begun);
    order.leftFee -= refund.fee;
    this.#orders.move(order, order.leftFee === 0 ? 5 : order.state);
    return begun;
  }

  /** The user has the money (8), of the whole order once no other refund of it is under way; or it failed (7), and is the merchant's again. */
  end(refund: VirtualRefund, isPaidOut: boolean): void {
    const { order } = refund;
    refund.endedAt = this.#clock.now();
    refund.state = isPaidOut ? 8 : 7;
    if (!isPaidOut) order.leftFee += refund.fee;
    if (order.state !== 5) return;
    if (!isPaidOut) this.#orders.move(order, 7);
    else if (!this.#isUnderWay(order)) this.#orders.move(order, 8);
  }

  #isUnderWay(order: VirtualOrder): boolean {
    return this.#refunds.values().some((refund) => refund.order === order && refund.state === 5);
  }
}
