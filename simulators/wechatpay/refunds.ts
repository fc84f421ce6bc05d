/** Where a refund stands. */
export const REFUND_STATES = ['PROCESSING', 'SUCCESS', 'ABNORMAL', 'CLOSED'] as const;
export type RefundState = (typeof REFUND_STATES)[number];

export interface Refund {
  readonly merchant_id: string;
  readonly refund_id: string;
  readonly out_refund_no: string;
  readonly transaction_id: string;
  readonly out_trade_no: string;
  /** Fen. */
  readonly refund: number;
  /** What of it goes to the payer; the rest was a coupon. */
  readonly payer_refund: number;
  /** What of the payment's fee comes back, fen. */
  readonly fee: number;
  readonly fingerprint: string;
  readonly notify_url: string;
  readonly created_at: number;
  status: RefundState;
  success_time?: number;
  /** What becomes of it by itself, and when (real time). */
  next?: { readonly status: RefundState; readonly at: number };
}

/** All refunds, found by number and by transaction. */
export class Refunds {
  readonly #refunds = new Map<string, Refund>();
  readonly #byTransaction = new Map<string, Refund[]>();
  readonly #save: (refund: Refund) => void;
  readonly #most: number;

  constructor(save: (refund: Refund) => void, most: number) {
    this.#save = save;
    this.#most = most;
  }

  get isFull(): boolean {
    return this.#refunds.size >= this.#most;
  }

  /** Files a refund, new or changed, and saves it. */
  put(refund: Refund): void {
    this.restore(refund);
    this.#save(refund);
  }

  /** Files a refund without saving it. */
  restore(refund: Refund): void {
    const key = `${refund.merchant_id}/${refund.out_refund_no}`;
    const before = this.#refunds.get(key);
    this.#refunds.set(key, refund);
    const others = (this.#byTransaction.get(refund.transaction_id) ?? []).filter((one) => one !== before);
    this.#byTransaction.set(refund.transaction_id, [...others, refund]);
  }

  find(merchantId: string, outRefundNo: string): Refund | undefined {
    return this.#refunds.get(`${merchantId}/${outRefundNo}`);
  }

  ofTransaction(transactionId: string): readonly Refund[] {
    return this.#byTransaction.get(transactionId) ?? [];
  }

  all(): IterableIterator<Refund> {
    return this.#refunds.values();
  }
}
