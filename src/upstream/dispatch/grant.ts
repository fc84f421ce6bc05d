import type { Expense } from '../channels/upstream-cost.js';
import type { DeltaBatch, UpstreamUsage } from '../stream/delta.js';
import type { UpstreamRequest } from '../stream/request.js';

/** A run's admission to a channel. */
export interface Grant {
  readonly runId: string;
  readonly tenantId: string;
  /** How long the ticket waited, in milliseconds. */
  readonly waitedMs: number;
  /** Aborted when the worker lost its hold on the ticket: another worker may be serving it by now. */
  readonly lost: AbortSignal;
  /**
   * Opens the answer; tried again, on this channel or another, until the first words.
   * @throws UpstreamFailure, also from the iterator; the signal's reason when it was aborted.
   */
  open(request: UpstreamRequest, signal: AbortSignal): Promise<AsyncIterable<DeltaBatch>>;
  /** Which channel answered and what these tokens cost there, by the prices of the moment of the call; undefined where none did. */
  expense(usage: Pick<UpstreamUsage, 'promptTokens' | 'completionTokens'> & Partial<UpstreamUsage>): Expense | undefined;
}

/**
 * What a worker does with a grant. `done`: the run was concluded.
 * `hand_over`: nothing was shown yet and this process is going away, so
 * another worker shall take the ticket.
 */
export type GrantHandler = (grant: Grant) => Promise<'done' | 'hand_over'>;
