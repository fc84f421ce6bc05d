import type { Account } from './account.js';

/** Why money moves. Every reason that there is stands here. */
export type TransferReason =
  /** An answer: its hold, and what it cost. Reference: the run. */
  | 'run'
  | 'hold_expired'
  | 'signup'
  | 'daily'
  | 'grant_expired'
  /** A paid order: its money and its credits. Reference: the order. */
  | 'topup'
  /** Reference: the refund. */
  | 'refund'
  /** A repair that a person ordered after reconciliation. Reference: the finding. */
  | 'repair';

interface Move {
  /** The idempotency key: the same id again answers as the first time, and with other content it is a conflict. */
  readonly id: string;
  readonly reason: TransferReason;
  /** What it was for: a run, an order, a refund. */
  readonly reference: string;
  /** The user in whose list of transfers it stands. */
  readonly ownerId: string | undefined;
}

/** `single` moves at once; `pending` reserves until one `post` (of at most as much) or one `void`, or until `expiresAt`. */
export type Transfer =
  | (Move & { readonly kind: 'single'; readonly debit: Account; readonly credit: Account; readonly amount: bigint })
  | (Move & { readonly kind: 'pending'; readonly debit: Account; readonly credit: Account; readonly amount: bigint; readonly expiresAt: Date | undefined })
  | (Move & { readonly kind: 'post'; readonly pendingId: string; readonly amount: bigint })
  | (Move & { readonly kind: 'void'; readonly pendingId: string });

/** Why a batch was not applied; nothing of it was. */
export type LedgerFault =
  | 'insufficient'
  | 'conflict'
  | 'bad_amount'
  | 'bad_kind'
  | 'account_not_found'
  | 'units_differ'
  | 'pending_not_found'
  | 'already_posted'
  | 'already_voided'
  | 'exceeds_pending';

export type LedgerAnswer =
  | { readonly outcome: 'applied'; readonly results: readonly ('created' | 'exists')[] }
  | { readonly outcome: 'refused'; readonly at: number; readonly fault: LedgerFault };
