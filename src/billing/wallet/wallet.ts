import type { Credits } from '../../platform/values/index.js';
import type { TransferReason } from '../ledger/transfer.js';

/** What a user has. */
export interface Wallet {
  /** Free to spend. */
  readonly balance: Credits;
  /** Reserved for answers that are running. */
  readonly held: Credits;
  /** Parts of the balance that end, soonest first. */
  readonly expiring: readonly { readonly credits: Credits; readonly expiresAt: Date }[];
  /** Below the tenant's warning threshold. */
  readonly low: boolean;
}

/** A movement that a user sees: what came in, what went out. Reservations are not movements. */
export interface WalletTransfer {
  readonly id: string;
  readonly at: Date;
  readonly reason: TransferReason;
  readonly direction: 'in' | 'out';
  readonly credits: Credits;
  /** The run, order or refund that it was for. */
  readonly reference: string;
}

/** What one answer used and cost. */
export interface UsageRow {
  readonly runId: string;
  readonly at: Date;
  readonly model: string;
  readonly conversationId: string | undefined;
  readonly apiKeyId: string | undefined;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly reasoningTokens: number;
  readonly credits: Credits;
}

/** Where a list goes on: the moment and id of the last row of the page before. */
export interface After {
  readonly at: string;
  readonly id: string;
}
