import type { Bills } from './bill-downloads.js';
import type { BusinessClock } from './clock.js';
import type { Counters } from './counters.js';
import type { Faults } from './faults.js';
import type { Merchants } from './merchants.js';
import type { Notice } from './notice.js';
import type { Notifier } from './notifier.js';
import type { Orders, Serials } from './orders.js';
import type { PlatformKeys } from './platform-keys.js';
import type { RefundPlan } from './refund-plan.js';
import type { Refunds } from './refunds.js';

/** Everything that the simulator knows; its rules are functions over it. */
export interface PayState {
  readonly clock: BusinessClock;
  readonly keys: PlatformKeys;
  readonly merchants: Merchants;
  readonly orders: Orders;
  readonly refunds: Refunds;
  readonly refundPlan: RefundPlan;
  readonly bills: Bills;
  readonly serials: Serials;
  readonly notifier: Notifier;
  readonly faults: Faults;
  readonly counters: Counters;
  /** Begins to deliver a notice, as the script wants it. */
  readonly announce: (notice: Notice) => void;
  /** Runs something after so many real milliseconds, unless the simulator is closed before. */
  readonly later: (ms: number, work: () => void) => void;
  /** The base URL that others reach the simulator by. */
  readonly publicUrl: () => string;
}
