/** What chat asks of the queue for a run: no text, only where to find it and what it will take. */
export interface Order {
  readonly runId: string;
  /** Name in the catalogue. */
  readonly model: string;
  /** Tokens of the prompt by our own count. */
  readonly promptTokens: number;
  /** Most tokens of the answer. */
  readonly maxTokens: number;
  /** Who asks has bought credits left; absent: no. */
  readonly paid?: boolean;
}

/** A place in the queue: whose it is, what it will take of a channel, and how it is weighed against others. */
export interface Ticket {
  readonly runId: string;
  readonly tenantId: string;
  readonly model: string;
  /** Tickets of one pool can be served by the same channels. */
  readonly pool: string;
  /** Shares the tenant's turns: a user's chats, and a user's calls by all their keys. */
  readonly flow: string;
  readonly tier: Tier;
  /** Of somebody who has bought credits left. */
  readonly paid?: boolean;
  /** Prompt and expected answer. */
  readonly tokens: number;
  /** Absent where a former release queued it. */
  readonly promptTokens?: number;
  readonly tenantWeight: number;
  readonly flowWeight: number;
  /** Tenant, user and key, as far as they have limits of their own. */
  readonly subjects: readonly string[];
  /** Milliseconds since 1970. */
  readonly submittedAt: number;
  /** The longest predicted wait that its tier accepts, in ms: told where nothing is known of the wait, as while all its channels are paused. */
  readonly waitMs?: number;
}

/** A person who waits at a screen goes before a program; both go on. */
export type Tier = 'interactive' | 'bulk';

/** Turns of a flow against others of its tenant; times what the tenant's settings say for paid and free. */
export const FLOW_WEIGHTS: Readonly<Record<Tier, number>> = { interactive: 8, bulk: 1 };

/** The tier as metrics name it: four of them. */
export function tierLabel({ tier, paid }: Pick<Ticket, 'tier' | 'paid'>): string {
  return paid === true ? `paid_${tier}` : tier;
}

/** Where a ticket stands. `position` 0 means that its turn has come. */
export interface Position {
  readonly position: number;
  readonly etaMs: number;
}
