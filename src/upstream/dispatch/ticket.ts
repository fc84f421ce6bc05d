/** What waits in the queue for a worker: no text, only where to find it. */
export interface Ticket {
  readonly runId: string;
  readonly tenantId: string;
  /** Milliseconds since 1970. */
  readonly submittedAt: number;
}

/** Where a ticket stands. `position` 0 means that a worker takes it at once. */
export interface Position {
  readonly position: number;
  readonly etaMs: number;
}
