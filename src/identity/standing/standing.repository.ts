import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import type { Standing } from '../users/user.js';
import type { StandingFacts } from './standing.js';

/** The tables of the credential's kind; nothing of a caller goes into the SQL text. */
const VALID = {
  session: 'SELECT FROM sessions c WHERE c.tenant_id = $1 AND c.id = $3 AND c.user_id = $2 AND c.revoked_at IS NULL AND c.expires_at > now()',
  api_key: 'SELECT FROM api_keys c WHERE c.tenant_id = $1 AND c.id = $3 AND c.user_id = $2 AND c.revoked_at IS NULL',
} as const;

/** Reads over `users`, `sessions` and `api_keys`. */
@Injectable()
export class StandingRepository {
  /** Locks the row, and not against new rows that refer to it. */
  async lock(tx: TenantTx, userId: string): Promise<Standing | undefined> {
    return (await tx.query<{ standing: Standing }>('SELECT standing FROM users WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE', [tx.ctx.tenantId, userId]))[0]?.standing;
  }

  async read(tx: TenantTx, userId: string, via: keyof typeof VALID, credentialId: string): Promise<StandingFacts> {
    const rows = await tx.query<{ standing: Standing; muted_until: Date | null; valid: boolean }>(
      `SELECT u.standing, u.muted_until, EXISTS (${VALID[via]}) AS valid FROM users u WHERE u.tenant_id = $1 AND u.id = $2`,
      [tx.ctx.tenantId, userId, credentialId],
    );
    return { standing: rows[0]?.standing, mutedUntil: rows[0]?.muted_until?.getTime(), credentialValid: rows[0]?.valid ?? false };
  }
}
