import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import type { Standing } from '../users/user.js';
import { RefreshTokenEntity, SessionEntity } from './session.entity.js';

/** A login, as its owner may see it. */
export interface SessionSummary {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | undefined;
}

/** A refresh token that is known, with what decides whether it may be exchanged. */
export interface HeldToken {
  readonly sessionId: string;
  readonly userId: string;
  readonly standing: Standing;
  /** Neither revoked nor expired. */
  readonly sessionOpen: boolean;
  readonly spent: boolean;
  /** It was spent after this request had come in: two of the same client at once, not a replay. */
  readonly raced: boolean;
}

/** The tables `sessions` and `refresh_tokens`. Times are the database's: nodes may disagree. */
@Injectable()
export class SessionRepository {
  async open(tx: TenantTx, id: string, userId: string, lifeSeconds: number): Promise<void> {
    await tx.query('INSERT INTO sessions (tenant_id, id, user_id, expires_at) VALUES ($1, $2, $3, now() + make_interval(secs => $4))', [tx.ctx.tenantId, id, userId, lifeSeconds]);
  }

  async addToken(tx: TenantTx, sessionId: string, tokenHash: string): Promise<void> {
    await tx.manager.insert(RefreshTokenEntity, { tenantId: tx.ctx.tenantId, tokenHash, sessionId });
  }

  /** Makes room: removes what is over, and the oldest beyond `keep`. Answers the ids of sessions that were still open. */
  async prune(tx: TenantTx, userId: string, keep: number): Promise<readonly string[]> {
    const rows = await tx.query<{ id: string; open: boolean }>(
      `DELETE FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND (revoked_at IS NOT NULL OR expires_at <= now()
         OR id IN (SELECT id FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL ORDER BY id DESC OFFSET $3))
       RETURNING id, revoked_at IS NULL AND expires_at > now() AS open`,
      [tx.ctx.tenantId, userId, keep],
    );
    return rows.filter((row) => row.open).map((row) => row.id);
  }

  /**
   * Locks the token and its session until the end of the transaction: of two at once, the second sees it spent.
   * `waitedMs` is how long this request had been waiting when the transaction began.
   */
  async lockToken(tx: TenantTx, tokenHash: string, waitedMs: number): Promise<HeldToken | undefined> {
    const rows = await tx.query<{ session_id: string; user_id: string; standing: Standing; open: boolean; spent: boolean; raced: boolean | null }>(
      `SELECT r.session_id, s.user_id, u.standing, s.revoked_at IS NULL AND s.expires_at > now() AS open,
         r.spent_at IS NOT NULL AS spent, r.spent_at >= now() - make_interval(secs => $3::float8 / 1000) AS raced
       FROM refresh_tokens r
       JOIN sessions s ON s.tenant_id = r.tenant_id AND s.id = r.session_id
       JOIN users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
       WHERE r.tenant_id = $1 AND r.token_hash = $2 FOR UPDATE OF r, s`,
      [tx.ctx.tenantId, tokenHash, waitedMs],
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    return { sessionId: row.session_id, userId: row.user_id, standing: row.standing, sessionOpen: row.open, spent: row.spent, raced: row.raced ?? false };
  }

  /** Spends a token for a new one; the session lives on from now. Spent tokens are forgotten once they would have expired anyway. */
  async rotate(tx: TenantTx, sessionId: string, spentHash: string, newHash: string, lifeSeconds: number): Promise<void> {
    const { tenantId } = tx.ctx;
    await tx.query('UPDATE refresh_tokens SET spent_at = clock_timestamp() WHERE tenant_id = $1 AND token_hash = $2', [tenantId, spentHash]);
    await this.addToken(tx, sessionId, newHash);
    await tx.query('UPDATE sessions SET expires_at = now() + make_interval(secs => $3) WHERE tenant_id = $1 AND id = $2', [tenantId, sessionId, lifeSeconds]);
    await tx.query('DELETE FROM refresh_tokens WHERE tenant_id = $1 AND session_id = $2 AND created_at < now() - make_interval(secs => $3) AND spent_at IS NOT NULL', [tenantId, sessionId, lifeSeconds]);
  }

  async revoke(tx: TenantTx, id: string, reason: 'logout' | 'reuse'): Promise<void> {
    await tx.query('UPDATE sessions SET revoked_at = now(), revoked_reason = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL', [tx.ctx.tenantId, id, reason]);
  }

  /** Newest first; bounded by how many a user may have. */
  async ofUser(tx: TenantTx, userId: string): Promise<readonly SessionSummary[]> {
    const rows = await tx.manager.find(SessionEntity, { where: { tenantId: tx.ctx.tenantId, userId }, order: { id: 'DESC' }, take: 200 });
    return rows.map((row) => ({ id: row.id, createdAt: row.createdAt.getTime(), expiresAt: row.expiresAt.getTime(), revokedAt: row.revokedAt?.getTime() }));
  }

  async removeAllOf(tx: TenantTx, userId: string): Promise<void> {
    await tx.manager.delete(SessionEntity, { tenantId: tx.ctx.tenantId, userId });
  }

  /** Removes at most `count` sessions of any tenant that expired a day ago or longer. Answers how many. */
  async sweep(tx: PlatformTx, count: number): Promise<number> {
    const rows = await tx.query(
      `DELETE FROM sessions WHERE ctid = ANY (ARRAY(SELECT ctid FROM sessions WHERE expires_at < now() - interval '1 day' LIMIT $1)) RETURNING id`,
      [count],
    );
    return rows.length;
  }
}
