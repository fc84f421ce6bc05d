import { Journal } from './journal.js';
import { PlatformKeys } from './platform-keys.js';
import { awaitRefund } from './refund-rules.js';
import type { Entry } from './journal.js';
import type { Merchant } from './merchants.js';
import type { Order } from './orders.js';
import type { PayState } from './pay-state.js';
import type { Refund } from './refunds.js';
import type { SavedKeys } from './platform-keys.js';
import type { SavedNotice } from './notifier.js';

/** What an earlier process left; the last word on each thing. */
export interface Saved {
  readonly keys: PlatformKeys | undefined;
  readonly clockMs: number;
  readonly merchants: ReadonlyMap<string, Merchant>;
  readonly balances: ReadonlyMap<string, number>;
  readonly orders: ReadonlyMap<string, Order>;
  readonly refunds: ReadonlyMap<string, Refund>;
  readonly notices: ReadonlyMap<string, SavedNotice>;
}

/** Reads a state file; nothing of everything where there is none. */
export async function readSaved(path: string | undefined): Promise<Saved> {
  const saved = { keys: undefined as PlatformKeys | undefined, clockMs: 0, merchants: new Map<string, Merchant>(), balances: new Map<string, number>(), orders: new Map<string, Order>(), refunds: new Map<string, Refund>(), notices: new Map<string, SavedNotice>() };
  if (path === undefined) return saved;
  for await (const { kind, value } of Journal.read(path)) {
    switch (kind) {
      case 'keys':
        saved.keys = new PlatformKeys(value as SavedKeys);
        break;
      case 'clock':
        saved.clockMs = value as number;
        break;
      case 'merchant':
        saved.merchants.set((value as Merchant).merchant_id, value as Merchant);
        break;
      case 'balance':
        saved.balances.set((value as { merchant_id: string }).merchant_id, (value as { balance: number }).balance);
        break;
      case 'order':
        saved.orders.set(`${(value as Order).merchant_id}/${(value as Order).out_trade_no}`, value as Order);
        break;
      case 'refund':
        saved.refunds.set(`${(value as Refund).merchant_id}/${(value as Refund).out_refund_no}`, value as Refund);
        break;
      case 'notice':
        saved.notices.set((value as SavedNotice).notice.id, value as SavedNotice);
        break;
      case 'noticed':
        saved.notices.delete(value as string);
    }
  }
  return saved;
}

/** Puts a fresh state where the earlier process left off; what was under way goes on. */
export function restore(state: PayState, saved: Saved): void {
  state.clock.restore(saved.clockMs);
  for (const merchant of saved.merchants.values()) state.merchants.restore(merchant);
  for (const [id, balance] of saved.balances) state.merchants.restoreBalance(id, balance);
  for (const order of saved.orders.values()) state.orders.restore(order);
  for (const refund of saved.refunds.values()) {
    state.refunds.restore(refund);
    // The process may have ended between the refund's line and the order's.
    const order = state.orders.find(refund.merchant_id, refund.out_trade_no);
    if (order) order.trade_state = 'REFUND';
  }
}

/** Takes up planned refunds and undelivered notices; call once everything is in place. */
export function resume(state: PayState, saved: Saved): void {
  for (const refund of saved.refunds.values()) awaitRefund(state, refund);
  for (const notice of saved.notices.values()) state.notifier.resume(notice);
}

/** The whole state as the shortest journal. */
export function* entriesOf(state: PayState, saved: Saved): Generator<Entry> {
  yield { kind: 'keys', value: state.keys.saved };
  yield { kind: 'clock', value: state.clock.advancedMs };
  for (const merchant of state.merchants.list()) yield { kind: 'merchant', value: merchant };
  for (const [id, balance] of saved.balances) yield { kind: 'balance', value: { merchant_id: id, balance } };
  for (const order of state.orders.all()) yield { kind: 'order', value: order };
  for (const refund of state.refunds.all()) yield { kind: 'refund', value: refund };
  for (const notice of saved.notices.values()) yield { kind: 'notice', value: notice };
}
