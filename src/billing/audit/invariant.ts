/** What must always hold of money, whatever crashed. Each has a query that names the rows for which it does not. */
export const INVARIANTS = {
  double_entry: 'In every tenant and unit, what was debited is what was credited, posted and pending alike.',
  balances: 'The four balances of every account are the sums of its transfers.',
  resolutions: 'A hold is resolved once at most, between its own accounts, by no more than it held.',
  never_overdrawn: 'No account that may not be overdrawn is.',
  charges: 'What a run was charged is what was posted for it, and what is held for it is what its charge says.',
  orphan_transfers: 'Every transfer of a run, an order or a refund belongs to one that is there.',
  overdue_holds: 'No hold lies open ten minutes after its end.',
  overdue_grants: 'No free credits lie unspent ten minutes after their end.',
  topups: 'Every paid order has its two transfers, credits with bonus and cash, once; no other order has any.',
  refunds: "A refund's holds are open, posted or voided as its state says; an order's refunds never exceed it.",
  order_history: "An order's state is where its last step led.",
} as const;

export type InvariantName = keyof typeof INVARIANTS;
export const INVARIANT_NAMES = Object.keys(INVARIANTS) as readonly InvariantName[];

/** A row for which an invariant does not hold. */
export interface Violation {
  readonly tenantId: string;
  /** What the row is about: an account, a transfer, a run, an order, a refund. */
  readonly subject: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface AuditResult {
  readonly invariant: InvariantName;
  /** At most MOST_VIOLATIONS are named. */
  readonly violations: readonly Violation[];
  readonly ms: number;
}

export const MOST_VIOLATIONS = 100;
