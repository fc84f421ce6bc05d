import type { Credits, Fen } from '../../platform/values/index.js';
import type { RefundState as WechatRefundState } from '../../wechat/index.js';
import { tenantAccount, walletOf } from '../ledger/account.js';
import { derivedId } from '../ledger/derived-id.js';
import type { Transfer } from '../ledger/transfer.js';
import type { Order } from '../orders/order.js';

export type RefundState =
  /** Written down, the credits held; WeChat may or may not know it. */
  | 'requested'
  /** WeChat took it. */
  | 'processing'
  | 'succeeded'
  /** It did not happen, and the credits are back. */
  | 'failed'
  /** WeChat can't give the money to the payer; a person has to finish it at WeChat's console. The credits stay held. */
  | 'abnormal';

const MOVES: Readonly<Record<RefundState, readonly RefundState[]>> = {
  requested: ['processing', 'succeeded', 'failed', 'abnormal'],
  processing: ['succeeded', 'failed', 'abnormal'],
  abnormal: ['processing', 'succeeded', 'failed'],
  succeeded: [],
  failed: [],
};

export function mayMoveRefund(from: RefundState, to: RefundState): boolean {
  return MOVES[from].includes(to);
}

export function isEnded(state: RefundState): boolean {
  return state === 'succeeded' || state === 'failed';
}

/** What WeChat's state means here. */
export const STATE_OF: Readonly<Record<WechatRefundState, RefundState>> = { PROCESSING: 'processing', SUCCESS: 'succeeded', CLOSED: 'failed', ABNORMAL: 'abnormal' };

/** Money on its way back to a payer. */
export interface Refund {
  readonly id: string;
  readonly orderId: string;
  readonly userId: string;
  /** What WeChat calls it: the idempotency key of the money. */
  readonly outRefundNo: string;
  readonly state: RefundState;
  readonly amount: Fen;
  /** Credits that belong to the amount, bonus included. */
  readonly credits: Credits;
  /** What of them the wallet still had; less only where somebody overrode it. */
  readonly heldCredits: Credits;
  readonly reason: string;
  readonly overrideReason: string | undefined;
  readonly wechatRefundId: string | undefined;
  readonly failure: string | undefined;
  readonly queryCount: number;
  readonly createdAt: Date;
  readonly endedAt: Date | undefined;
}

/** WeChat takes refunds for so long after the payment, and so many of one order (reference: section 6). */
export const REFUND_DAYS = 365;
export const MOST_REFUNDS = 50;

/**
 * The credits that go back with `amount` when `before` fen and `creditsBefore` credits went back already: pro rata,
 * bonus included, rounded up on the running total, so that many small refunds take no less than one large one and
 * the last takes exactly the rest.
 */
export function creditsFor(order: Pick<Order, 'total' | 'credits' | 'bonusCredits'>, amount: Fen, before: Fen, creditsBefore: Credits): Credits {
  const all = order.credits + order.bonusCredits;
  const due = (all * (before + amount) + order.total - 1n) / order.total;
  return due > creditsBefore ? due - creditsBefore : 0n;
}

/** Reserves the credits and the cash, before WeChat is asked. They have no end: WeChat's answer may take days. */
export function holdTransfers(tenantId: string, refund: Pick<Refund, 'id' | 'userId' | 'amount' | 'heldCredits'>): readonly Transfer[] {
  const common = { kind: 'pending', reason: 'refund', reference: refund.id, expiresAt: undefined } as const;
  const cash: Transfer = { ...common, id: creditsKey(refund.id, 'fen', 'hold'), ownerId: undefined, debit: tenantAccount(tenantId, 'cash'), credit: tenantAccount(tenantId, 'payer'), amount: refund.amount };
  if (refund.heldCredits === 0n) return [cash];
  return [{ ...common, id: creditsKey(refund.id, 'credits', 'hold'), ownerId: refund.userId, debit: walletOf(tenantId, refund.userId), credit: tenantAccount(tenantId, 'issued'), amount: refund.heldCredits }, cash];
}

/** Makes the reservation final, or gives it back. */
export function endTransfers(refund: Pick<Refund, 'id' | 'userId' | 'amount' | 'heldCredits'>, succeeded: boolean): readonly Transfer[] {
  const end = (part: 'fen' | 'credits', ownerId: string | undefined, amount: bigint): Transfer => {
    const common = { id: creditsKey(refund.id, part, succeeded ? 'post' : 'void'), pendingId: creditsKey(refund.id, part, 'hold'), reason: 'refund', reference: refund.id, ownerId } as const;
    return succeeded ? { ...common, kind: 'post', amount } : { ...common, kind: 'void' };
  };
  const cash = end('fen', undefined, refund.amount);
  return refund.heldCredits === 0n ? [cash] : [end('credits', refund.userId, refund.heldCredits), cash];
}

function creditsKey(refundId: string, part: 'fen' | 'credits', step: 'hold' | 'post' | 'void'): string {
  return derivedId(`${refundId}:refund:${part}:${step}`);
}
