import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import type { Account } from './account.js';
import type { LedgerAnswer, Transfer } from './transfer.js';

/** The tables `accounts` and `transfers`, which only the database's own functions write. */
@Injectable()
export class LedgerRepository {
  /** All or none, in one round trip. */
  async apply(tx: TenantTx, transfers: readonly Transfer[]): Promise<LedgerAnswer> {
    const accounts = new Map<string, Account>();
    for (const transfer of transfers) if ('debit' in transfer) for (const account of [transfer.debit, transfer.credit]) accounts.set(account.id, account);
    const rows = await tx.query<{ answer: LedgerAnswer }>('SELECT apply_transfers($1, $2, $3) AS answer', [
      tx.ctx.tenantId,
      JSON.stringify([...accounts.values()].map(accountRow)),
      JSON.stringify(transfers.map(transferRow)),
    ]);
    const answer = rows[0]?.answer;
    if (answer === undefined) throw new Error('apply_transfers answered no row');
    return answer;
  }

  /** Holds whose time is over and that nobody resolved, of all tenants. Only those of the last day: every sweep sees them. */
  async overdueHolds(tx: PlatformTx, limit: number): Promise<readonly { readonly tenantId: string; readonly id: string }[]> {
    return tx.query(
      `SELECT p.tenant_id AS "tenantId", p.id FROM transfers p WHERE p.expires_at > now() - interval '1 day' AND p.expires_at <= now()
         AND NOT EXISTS (SELECT 1 FROM transfers r WHERE r.tenant_id = p.tenant_id AND r.pending_id = p.id) LIMIT $1`,
      [limit],
    );
  }

  async expireHolds(tx: TenantTx, ids: readonly string[]): Promise<number> {
    return (await tx.query<{ count: number }>('SELECT expire_holds($1, $2::uuid[]) AS count', [tx.ctx.tenantId, ids]))[0]?.count ?? 0;
  }

  /** Grants whose time is over and that still hold something, of all tenants. */
  async overdueGrants(tx: PlatformTx, limit: number): Promise<readonly { readonly tenantId: string; readonly id: string }[]> {
    return tx.query(`SELECT tenant_id AS "tenantId", id FROM accounts WHERE expires_at <= now() AND closed_at IS NULL AND debits_pending = 0 ORDER BY expires_at LIMIT $1`, [limit]);
  }

  async expireGrants(tx: TenantTx, ids: readonly string[]): Promise<number> {
    return (await tx.query<{ count: number }>('SELECT expire_grants($1, $2::uuid[]) AS count', [tx.ctx.tenantId, ids]))[0]?.count ?? 0;
  }
}

function accountRow(account: Account): Record<string, unknown> {
  return { id: account.id, owner_id: account.ownerId ?? null, kind: account.kind, shard: 0, unit: account.unit, may_go_negative: account.mayGoNegative, expires_at: null };
}

/** Amounts go as texts: JSON numbers would lose digits beyond 2^53. */
function transferRow(transfer: Transfer): Record<string, unknown> {
  const common = { id: transfer.id, kind: transfer.kind, reason: transfer.reason, reference: transfer.reference, owner_id: transfer.ownerId ?? null };
  switch (transfer.kind) {
    case 'single':
      return { ...common, debit_account: transfer.debit.id, credit_account: transfer.credit.id, amount: transfer.amount.toString() };
    case 'pending':
      return { ...common, debit_account: transfer.debit.id, credit_account: transfer.credit.id, amount: transfer.amount.toString(), expires_at: transfer.expiresAt?.toISOString() ?? null };
    case 'post':
      return { ...common, pending_id: transfer.pendingId, amount: transfer.amount.toString() };
    case 'void':
      return { ...common, pending_id: transfer.pendingId };
  }
}
