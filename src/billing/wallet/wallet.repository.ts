import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import type { Grant } from '../grants/grants.js';
import { grantRow } from '../grants/grant.service.js';
import { walletOf } from '../ledger/account.js';
import type { TransferReason } from '../ledger/transfer.js';
import type { After, UsageRow, WalletTransfer } from './wallet.js';

export interface Pocket {
  readonly free: bigint;
  readonly held: bigint;
  readonly expiresAt: Date | undefined;
}

/** What a user sees of the ledger. Reads only, but for free credits that are due. */
@Injectable()
export class WalletRepository {
  async grant(tx: TenantTx, userId: string, grants: readonly Grant[]): Promise<void> {
    if (grants.length > 0) await tx.query('SELECT grant_due($1, $2, $3)', [tx.ctx.tenantId, userId, JSON.stringify(grants.map(grantRow))]);
  }

  /** What the user's wallet of bought credits has free; refunds take from there, never from gifts. */
  async boughtCredits(tx: TenantTx, userId: string): Promise<bigint> {
    const rows = await tx.query<{ free: string }>('SELECT credits_posted - debits_posted - debits_pending AS free FROM accounts WHERE tenant_id = $1 AND id = $2', [tx.ctx.tenantId, walletOf(tx.ctx.tenantId, userId).id]);
    return BigInt(rows[0]?.free ?? 0);
  }

  async pockets(tx: TenantTx, userId: string): Promise<readonly Pocket[]> {
    const rows = await tx.query<{ free: string; held: string; expires_at: Date | null }>(
      `SELECT credits_posted - debits_posted - debits_pending AS free, debits_pending AS held, expires_at FROM accounts
       WHERE owner_id = $2 AND tenant_id = $1 AND closed_at IS NULL AND (expires_at IS NULL OR expires_at > now()) ORDER BY expires_at NULLS LAST`,
      [tx.ctx.tenantId, userId],
    );
    return rows.map((row) => ({ free: BigInt(row.free), held: BigInt(row.held), expiresAt: row.expires_at ?? undefined }));
  }

  /** Newest first, `limit` + 1 rows. A settled hold shows as what was really taken. */
  async transfers(tx: TenantTx, userId: string, after: After | undefined, limit: number): Promise<readonly WalletTransfer[]> {
    const rows = await tx.query<{ id: string; at: Date; reason: TransferReason; amount: string; reference: string; incoming: boolean }>(
      `SELECT t.id, t.at, t.reason, t.amount, t.reference, a.id IS NOT NULL AS incoming FROM transfers t
         LEFT JOIN accounts a ON a.tenant_id = t.tenant_id AND a.id = t.credit_account AND a.owner_id = t.owner_id
       WHERE t.tenant_id = $1 AND t.owner_id = $2 AND t.kind IN ('single', 'post') AND ($3::timestamptz IS NULL OR (t.at, t.id) < ($3, $4::uuid))
       ORDER BY t.at DESC, t.id DESC LIMIT $5`,
      [tx.ctx.tenantId, userId, after?.at ?? null, after?.id ?? null, limit + 1],
    );
    return rows.map((row) => ({ id: row.id, at: row.at, reason: row.reason, direction: row.incoming ? 'in' : 'out', credits: BigInt(row.amount), reference: row.reference }));
  }

  /** Answers that are over, newest first, `limit` + 1 rows. */
  async usage(tx: TenantTx, userId: string, after: After | undefined, limit: number): Promise<readonly UsageRow[]> {
    const rows = await tx.query<{
      run_id: string; created_at: Date; model: string; conversation_id: string | null; api_key_id: string | null;
      prompt_tokens: number; cached_tokens: number; completion_tokens: number; reasoning_tokens: number; credits: string;
    }>(
      `SELECT run_id, created_at, model, conversation_id, api_key_id, prompt_tokens, cached_tokens, completion_tokens, reasoning_tokens, credits FROM charges
       WHERE tenant_id = $1 AND user_id = $2 AND state = 'settled' AND ($3::timestamptz IS NULL OR (created_at, run_id) < ($3, $4::uuid))
       ORDER BY created_at DESC, run_id DESC LIMIT $5`,
      [tx.ctx.tenantId, userId, after?.at ?? null, after?.id ?? null, limit + 1],
    );
    return rows.map((row) => ({
      runId: row.run_id, at: row.created_at, model: row.model, conversationId: row.conversation_id ?? undefined, apiKeyId: row.api_key_id ?? undefined,
      promptTokens: row.prompt_tokens, cachedTokens: row.cached_tokens, completionTokens: row.completion_tokens, reasoningTokens: row.reasoning_tokens, credits: BigInt(row.credits),
    }));
  }
}
