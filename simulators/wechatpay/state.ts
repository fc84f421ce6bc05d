import { Clock } from '../wechat/clock.js';
import { Counters } from './counters.js';
import { Journal } from './journal.js';
import { Merchants } from './merchants.js';
import { Orders } from './orders.js';
import { Postman } from './postman.js';
import { Refunds } from './refunds.js';
import { Script } from './script.js';
import { makeKeys, readKeys } from './keys.js';
import { paymentLetter, refundLetter } from './letters.js';
import type { Order, Payment } from './order.js';
import type { Refund, RefundStatus } from './refunds.js';
import type { SimulatorKeys, StoredKeys } from './keys.js';
import type { StoredMerchant } from './merchants.js';
import type { Tamper } from './bill.js';

export type RefundPlan = 'success' | 'processing' | 'abnormal' | 'closed' | 'not_enough';
const ENDS: Readonly<Record<'success' | 'abnormal' | 'closed', RefundStatus>> = { success: 'SUCCESS', abnormal: 'ABNORMAL', closed: 'CLOSED' };

/** All that the simulator knows. */
export class State {
  readonly clock = new Clock();
  readonly merchants = new Merchants();
  readonly postman = new Postman();
  readonly script = new Script();
  readonly counters = new Counters();
  readonly keys: SimulatorKeys;
  readonly orders: Orders;
  readonly refunds: Refunds;
  /** How the next bill of a day differs. */
  readonly tampers = new Map<string, Tamper>();
  refundPlan: RefundPlan = 'success';
  refundDelayMs = 100;
  readonly #journal: Journal;

  constructor(file: string | undefined) {
    this.#journal = new Journal(file);
    this.orders = new Orders(this.clock, this.#journal);
    this.refunds = new Refunds(this.clock, this.#journal, this.orders);
    this.keys = this.#restore();
  }

  registerMerchant(stored: StoredMerchant): boolean {
    if (!this.merchants.put(stored)) return false;
    this.#journal.write({ kind: 'merchant', value: stored });
    return true;
  }

  /** Tells the merchant of a payment, as WeChat does by itself. */
  tellPayment(order: Order, payment: Payment): void {
    this.postman.post(() => {
      const merchant = this.merchants.get(order.merchantId);
      return merchant && paymentLetter(this.keys, merchant, order, payment);
    });
  }

  /** A refund goes on by itself, as planned, and is told. */
  proceed(refund: Refund): void {
    const plan = this.refundPlan;
    if (plan === 'processing' || plan === 'not_enough') return;
    setTimeout(() => this.endRefund(refund, ENDS[plan]), this.refundDelayMs).unref();
  }

  endRefund(refund: Refund, status: RefundStatus): Refund {
    const moved = this.refunds.move(this.refunds.find(refund.merchantId, refund.outRefundNo) ?? refund, status);
    this.postman.post(() => {
      const merchant = this.merchants.get(moved.merchantId);
      return merchant && moved.status !== 'PROCESSING' ? refundLetter(this.keys, merchant, moved) : undefined;
    });
    return moved;
  }

  #restore(): SimulatorKeys {
    let keys: StoredKeys | undefined;
    for (const { kind, value } of this.#journal.read()) {
      if (kind === 'keys') keys = value as StoredKeys;
      else if (kind === 'merchant') this.merchants.put(value as StoredMerchant);
      else if (kind === 'order') this.orders.restore(value as Order);
      else this.refunds.restore(value as Refund);
    }
    if (keys) return readKeys(keys);
    const made = makeKeys();
    this.#journal.write({ kind: 'keys', value: made });
    return readKeys(made);
  }
}
