import { DEFAULT_LADDER, type Ladder } from '../sanctions/ladder.js';

/** How people work for a tenant. */
export interface DeskRules {
  readonly ladder: Ladder;
  /** So many answers that moderation broke off count on the ladder as one refused message; 0: they do not count. */
  readonly answersPerOffence: number;
  /** Minutes within which an item of the queue is to be decided. */
  readonly reviewDueMinutes: number;
  /** Minutes that a claim lasts; then the item goes back. */
  readonly claimMinutes: number;
  /** One member of staff may ban. Otherwise a ban by hand takes two, wherever it is asked for. */
  readonly banByOne: boolean;
  /** Messages to the mini-program's customer service go to WeChat's own desk (转接人工客服) instead of ours. */
  readonly handOver: boolean;
}

/** What holds for a tenant that has set nothing. */
export const DEFAULT_DESK_RULES: DeskRules = { ladder: DEFAULT_LADDER, answersPerOffence: 3, reviewDueMinutes: 24 * 60, claimMinutes: 15, banByOne: false, handOver: false };
