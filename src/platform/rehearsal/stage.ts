import { newId } from '../values/index.js';

/** Who plays in a rehearsal: a user, logged in to a tenant. None of them stands in any table. */
export interface Players {
  readonly tenantId: string;
  readonly userId: string;
  readonly sessionId: string;
}

/**
 * Where a start rehearses. Only while `play` runs do the doors that ask whose a request is know its players; whatever
 * is written for them is undone.
 */
export class Stage {
  private players: Players | undefined;
  private readonly played = new Set<string>();

  /** Whether this is the tenant of a rehearsal that is going on. */
  holds(tenantId: string | undefined): boolean {
    return this.players !== undefined && this.players.tenantId === tenantId;
  }

  /** Whether what is written for this tenant is undone: also after its rehearsal, for what that has left under way. */
  undoes(tenantId: string): boolean {
    return this.played.has(tenantId);
  }

  /** One rehearsal at a time, each with players whom nobody has seen before. Rejects as `work` does. */
  async play<T>(work: (players: Players) => Promise<T>): Promise<T> {
    if (this.players !== undefined) throw new Error('a rehearsal is going on already');
    this.players = { tenantId: newId(), userId: newId(), sessionId: newId() };
    this.played.add(this.players.tenantId);
    try {
      return await work(this.players);
    } finally {
      this.players = undefined;
    }
  }
}
