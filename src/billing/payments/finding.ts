/** What does not add up. Each is kept once, however often it is seen, and waits for a person. */
export type FindingKind =
  /** Money for an order that is not ours. */
  | 'unknown_order'
  /** A payment whose AppID, merchant, amount, currency, channel or payer is not the order's. */
  | 'trade_mismatch'
  /** An order was paid again, under another transaction. */
  | 'second_payment'
  /** WeChat says that an order which is not paid here was refunded: by hand, at its console. */
  | 'refunded_elsewhere'
  /** A refund that nobody here asked for. */
  | 'unknown_refund'
  /** A refund whose order or amount is not what was asked for. */
  | 'refund_mismatch'
  /** The money could not be given back: the payer's account is closed or frozen. WeChat's console has to finish it. */
  | 'refund_abnormal'
  /** The bill names a payment of an order that is not paid here. */
  | 'bill_missing_here'
  /** An order that is paid here is not on the bill of its day. */
  | 'bill_missing_there'
  | 'bill_amount_differs'
  /** A refund on the bill is not known here, or its amount differs. */
  | 'bill_refund_differs'
  /** A refund that has succeeded here is on no bill. */
  | 'bill_refund_missing_there';

export type FindingState = 'open' | 'repaired' | 'dismissed' | 'settled';

/** Something to be kept as a finding. `key` names the thing within its kind. */
export interface FindingDraft {
  readonly kind: FindingKind;
  readonly key: string;
  readonly orderId?: string | undefined;
  readonly refundId?: string | undefined;
  readonly outTradeNo?: string | undefined;
  readonly transactionId?: string | undefined;
  /** A Beijing day, yyyy-MM-dd. */
  readonly billDay?: string | undefined;
  /** What was expected and what was seen; shown to staff, so no secret goes in. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Finding extends Omit<FindingDraft, 'key'> {
  readonly id: string;
  readonly state: FindingState;
  readonly seen: number;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly resolution: Readonly<Record<string, unknown>> | undefined;
  readonly resolvedAt: Date | undefined;
}
