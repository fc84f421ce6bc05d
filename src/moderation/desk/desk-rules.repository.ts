import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { DEFAULT_DESK_RULES, type DeskRules } from './desk-rules.js';

/** The table `desk_rules`: what a tenant has set; the rest is the default. */
@Injectable()
export class DeskRulesRepository {
  async read(tx: TenantTx): Promise<DeskRules> {
    const rows = await tx.query<{ rules: Partial<DeskRules> }>('SELECT rules FROM desk_rules WHERE tenant_id = $1', [tx.ctx.tenantId]);
    return { ...DEFAULT_DESK_RULES, ...rows[0]?.rules };
  }

  async write(tx: TenantTx, rules: DeskRules): Promise<void> {
    await tx.query(
      `INSERT INTO desk_rules (tenant_id, rules) VALUES ($1, $2::jsonb)
       ON CONFLICT (tenant_id) DO UPDATE SET rules = excluded.rules, updated_at = clock_timestamp()`,
      [tx.ctx.tenantId, JSON.stringify(rules)],
    );
  }
}
