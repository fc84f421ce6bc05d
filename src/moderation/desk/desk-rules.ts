import { DEFAULT_LADDER, type Ladder } from '../sanctions/ladder.js';

/** How people work for a tenant. */
export interface DeskRules {
  readonly ladder: Ladder;
  /** Minutes within which an item of the queue is to be decided. */
  readonly reviewDueMinutes: number;
  /** Minutes that a claim lasts; then the item goes back. */
  readonly claimMinutes: number;
  /** Messages to the mini-program's customer service go to WeChat's own desk (转接人工客服) instead of ours. */
  readonly handOver: boolean;
}

/** What holds for a tenant that has set nothing. */
export const DEFAULT_DESK_RULES: DeskRules = { ladder: DEFAULT_LADDER, reviewDueMinutes: 24 * 60, claimMinutes: 15, handOver: false };
