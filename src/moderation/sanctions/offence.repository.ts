import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import type { Stage } from '../verdict.js';
import type { Offence } from './ladder.js';

/** The table `offences`: what was refused of whom. */
@Injectable()
export class OffenceRepository {
  /** False when this run's stage was counted before, or forgiven. */
  async add(tx: TenantTx, offence: { readonly userId: string; readonly runId: string; readonly stage: Stage; readonly label: string }, at: Date): Promise<boolean> {
    const rows = await tx.query(
      'INSERT INTO offences (tenant_id, user_id, run_id, stage, label, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant_id, user_id, run_id, stage) DO NOTHING RETURNING run_id',
      [tx.ctx.tenantId, offence.userId, offence.runId, offence.stage, offence.label.slice(0, 100), at],
    );
    return rows.length === 1;
  }

  /** Those that count, newest first. */
  async since(tx: TenantTx, userId: string, since: Date, limit: number): Promise<readonly Offence[]> {
    const rows = await tx.query<{ run_id: string; stage: Stage; created_at: Date }>(
      'SELECT run_id, stage, created_at FROM offences WHERE tenant_id = $1 AND user_id = $2 AND created_at > $3 AND forgiven_at IS NULL ORDER BY created_at DESC LIMIT $4',
      [tx.ctx.tenantId, userId, since, limit],
    );
    return rows.map((row) => ({ runId: row.run_id, ofAnswer: row.stage === 'output', at: row.created_at.getTime() }));
  }

  async removeBefore(tx: TenantTx, userId: string, before: Date): Promise<void> {
    await tx.query('DELETE FROM offences WHERE tenant_id = $1 AND user_id = $2 AND created_at < $3', [tx.ctx.tenantId, userId, before]);
  }

  /** Whether something of this run was refused, and is not forgiven. */
  async counts(tx: TenantTx, userId: string, runId: string): Promise<boolean> {
    return (await tx.query('SELECT 1 FROM offences WHERE tenant_id = $1 AND user_id = $2 AND run_id = $3 AND forgiven_at IS NULL LIMIT 1', [tx.ctx.tenantId, userId, runId])).length === 1;
  }

  /** False when there was nothing to forgive. */
  async forgive(tx: TenantTx, userId: string, runId: string, at: Date): Promise<boolean> {
    const rows = await tx.query('UPDATE offences SET forgiven_at = $4 WHERE tenant_id = $1 AND user_id = $2 AND run_id = $3 AND forgiven_at IS NULL RETURNING run_id', [tx.ctx.tenantId, userId, runId, at]);
    return rows.length > 0;
  }
}
