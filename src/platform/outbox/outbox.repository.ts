import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../database/index.js';
import type { Fact, StoredFact } from './fact.js';

/** The table `facts`. */
@Injectable()
export class OutboxRepository {
  async insert(tx: TenantTx, id: string, { kind, ...body }: Fact): Promise<void> {
    await tx.query('INSERT INTO facts (tenant_id, id, kind, body) VALUES ($1, $2, $3, $4::jsonb)', [tx.ctx.tenantId, id, kind, JSON.stringify(body)]);
  }

  /** Facts whose turn has come, the longest due first, each taken by one worker for the time of the lease. A worker that dies with one leaves it to the next after that. */
  async takeDue(tx: PlatformTx, kinds: readonly string[], limit: number, leaseMs: number): Promise<readonly StoredFact[]> {
    return tx.query<StoredFact>(
      `UPDATE facts f SET due_at = clock_timestamp() + $3 * interval '1 millisecond', attempts = f.attempts + 1 FROM (
         SELECT tenant_id, id FROM facts WHERE due_at <= clock_timestamp() AND kind = ANY($1) ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED) due
       WHERE f.tenant_id = due.tenant_id AND f.id = due.id RETURNING f.tenant_id AS "tenantId", f.id, f.kind, f.body, f.handled, f.attempts`,
      [kinds, limit, leaseMs],
    );
  }

  /** These subscribers have had it, and so have all. */
  async delivered(tx: PlatformTx, fact: StoredFact, handled: readonly string[]): Promise<void> {
    await tx.query(
      `UPDATE facts SET handled = ARRAY(SELECT DISTINCT unnest(handled || $3::text[])), due_at = NULL, delivered_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND delivered_at IS NULL`,
      [fact.tenantId, fact.id, handled],
    );
  }

  /** These subscribers have had it; the others are told again after a pause. @param attempts that count so far */
  async postponed(tx: PlatformTx, fact: StoredFact, handled: readonly string[], attempts: number, ms: number): Promise<void> {
    await tx.query(
      `UPDATE facts SET handled = ARRAY(SELECT DISTINCT unnest(handled || $3::text[])), attempts = $4, due_at = clock_timestamp() + $5 * interval '1 millisecond' WHERE tenant_id = $1 AND id = $2 AND delivered_at IS NULL`,
      [fact.tenantId, fact.id, handled, attempts, ms],
    );
  }

  /** How many are not delivered, by kind. */
  async undelivered(tx: PlatformTx): Promise<readonly { readonly kind: string; readonly count: number }[]> {
    return tx.query('SELECT kind, count(*)::int AS count FROM facts WHERE due_at IS NOT NULL GROUP BY kind');
  }

  /** Removes facts that were delivered so long ago, some at a time. @returns how many */
  async removeDelivered(tx: PlatformTx, ms: number, limit: number): Promise<number> {
    const rows = await tx.query(
      `DELETE FROM facts f USING (SELECT tenant_id, id FROM facts WHERE delivered_at < clock_timestamp() - $1 * interval '1 millisecond' ORDER BY delivered_at LIMIT $2 FOR UPDATE SKIP LOCKED) old
       WHERE f.tenant_id = old.tenant_id AND f.id = old.id RETURNING f.id`,
      [ms, limit],
    );
    return rows.length;
  }
}
