import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import type { StoredPolicy } from './stored-policy.js';

interface Row {
  readonly version: number;
  readonly body: StoredPolicy;
  readonly updated_at: Date;
}

/** What a tenant set, and how often it was changed. */
export interface PolicyRow {
  readonly version: number;
  readonly stored: StoredPolicy;
  readonly updatedAt: Date;
}

/** The table `moderation_policies`: a row for every tenant that has ever set something. */
@Injectable()
export class PolicyRepository {
  async find(tx: TenantTx): Promise<PolicyRow | undefined> {
    return (await tx.query<Row>('SELECT version, body, updated_at FROM moderation_policies WHERE tenant_id = $1', [tx.ctx.tenantId])).map(policyOf)[0];
  }

  /** The tenant's row, made where it is missing, locked until the transaction ends. */
  async lock(tx: TenantTx): Promise<PolicyRow> {
    await tx.query('INSERT INTO moderation_policies (tenant_id) VALUES ($1) ON CONFLICT DO NOTHING', [tx.ctx.tenantId]);
    const [row] = await tx.query<Row>('SELECT version, body, updated_at FROM moderation_policies WHERE tenant_id = $1 FOR UPDATE', [tx.ctx.tenantId]);
    if (row === undefined) throw new Error('a policy row is gone that was just made');
    return policyOf(row);
  }

  async replace(tx: TenantTx, stored: StoredPolicy, changedBy: string | null): Promise<PolicyRow> {
    const [row] = await tx.query<Row>(
      'UPDATE moderation_policies SET version = version + 1, body = $2, changed_by = $3, updated_at = clock_timestamp() WHERE tenant_id = $1 RETURNING version, body, updated_at',
      [tx.ctx.tenantId, JSON.stringify(stored), changedBy],
    );
    if (row === undefined) throw new Error('a policy row is gone that was locked');
    return policyOf(row);
  }

  /** Days that each tenant's log is kept, where it set them. */
  async retentions(tx: PlatformTx): Promise<ReadonlyMap<string, number>> {
    const rows = await tx.query<{ tenant_id: string; days: number }>(`SELECT tenant_id, (body->>'retentionDays')::int AS days FROM moderation_policies WHERE body ? 'retentionDays'`);
    return new Map(rows.map((row) => [row.tenant_id, row.days]));
  }
}

function policyOf(row: Row): PolicyRow {
  return { version: row.version, stored: row.body, updatedAt: row.updated_at };
}
