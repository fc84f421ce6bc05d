import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import type { SanctionKind, SanctionState } from './ladder.js';
import type { Sanction } from './sanction.js';

interface Row {
  readonly id: string;
  readonly user_id: string;
  readonly kind: SanctionKind;
  readonly state: SanctionState;
  readonly reason: string;
  readonly run_id: string | null;
  readonly imposed_by: string | null;
  readonly created_at: Date;
  readonly until: Date | null;
  readonly beside_id: string | null;
  readonly ended_by: string | null;
  readonly ended_at: Date | null;
}

const COLUMNS = 'id, user_id, kind, state, reason, run_id, imposed_by, created_at, until, beside_id, ended_by, ended_at';

export interface SanctionFilter {
  readonly userId?: string | undefined;
  readonly kind?: SanctionKind | undefined;
  readonly state?: SanctionState | undefined;
}

/** The table `sanctions`. */
@Injectable()
export class SanctionRepository {
  async insert(tx: TenantTx, sanction: Sanction): Promise<void> {
    await tx.query('INSERT INTO sanctions (tenant_id, id, user_id, kind, state, reason, run_id, imposed_by, created_at, until, beside_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)', [
      tx.ctx.tenantId, sanction.id, sanction.userId, sanction.kind, sanction.state, sanction.reason, sanction.runId ?? null, sanction.imposedBy ?? null, sanction.createdAt, sanction.until ?? null, sanction.besideId ?? null,
    ]);
  }

  async find(tx: TenantTx, id: string): Promise<Sanction | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM sanctions WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id])).map(sanctionOf)[0];
  }

  /** A user's since a time, and what was ended since; newest first. */
  async recent(tx: TenantTx, userId: string, since: Date, limit: number): Promise<readonly Sanction[]> {
    const rows = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM sanctions WHERE tenant_id = $1 AND user_id = $2 AND (created_at > $3 OR ended_at > $3 OR until > $3 OR (kind = 'ban' AND state IN ('proposed', 'active'))) ORDER BY id DESC LIMIT $4`,
      [tx.ctx.tenantId, userId, since, limit],
    );
    return rows.map(sanctionOf);
  }

  /** The sanctions in force that a run's refusal brought about. */
  async ofRun(tx: TenantTx, userId: string, runId: string): Promise<readonly Sanction[]> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM sanctions WHERE tenant_id = $1 AND user_id = $2 AND run_id = $3 AND state = 'active'`, [tx.ctx.tenantId, userId, runId])).map(sanctionOf);
  }

  /** The user's ban that is proposed or in force. */
  async openBan(tx: TenantTx, userId: string): Promise<Sanction | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM sanctions WHERE tenant_id = $1 AND user_id = $2 AND kind = 'ban' AND state IN ('proposed', 'active')`, [tx.ctx.tenantId, userId])).map(sanctionOf)[0];
  }

  /** The mute that holds, or held, while people decide about a ban. */
  async beside(tx: TenantTx, banId: string): Promise<Sanction | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM sanctions WHERE tenant_id = $1 AND beside_id = $2`, [tx.ctx.tenantId, banId])).map(sanctionOf)[0];
  }

  /** When the last of the user's mutes in force ends. */
  async lastMute(tx: TenantTx, userId: string, at: Date): Promise<Date | undefined> {
    const rows = await tx.query<{ until: Date | null }>(`SELECT max(until) AS until FROM sanctions WHERE tenant_id = $1 AND user_id = $2 AND kind = 'mute' AND state = 'active' AND until > $3`, [tx.ctx.tenantId, userId, at]);
    return rows[0]?.until ?? undefined;
  }

  /** From `from` to `to`; false when it is in another state. */
  async move(tx: TenantTx, id: string, from: SanctionState, to: SanctionState, at: Date, staffId: string | undefined): Promise<boolean> {
    const ended = to === 'refused' || to === 'lifted';
    const rows = await tx.query('UPDATE sanctions SET state = $4, ended_at = $5, ended_by = $6 WHERE tenant_id = $1 AND id = $2 AND state = $3 RETURNING id', [tx.ctx.tenantId, id, from, to, ended ? at : null, ended ? (staffId ?? null) : null]);
    return rows.length === 1;
  }

  /** Newest first, before the row `before`. */
  async list(tx: TenantTx, filter: SanctionFilter, before: string | undefined, count: number): Promise<readonly Sanction[]> {
    const rows = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM sanctions WHERE tenant_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND ($3::text IS NULL OR kind = $3) AND ($4::text IS NULL OR state = $4) AND ($5::uuid IS NULL OR id < $5)
       ORDER BY id DESC LIMIT $6`,
      [tx.ctx.tenantId, filter.userId ?? null, filter.kind ?? null, filter.state ?? null, before ?? null, count],
    );
    return rows.map(sanctionOf);
  }
}

function sanctionOf(row: Row): Sanction {
  return {
    id: row.id, userId: row.user_id, kind: row.kind, state: row.state, reason: row.reason, runId: row.run_id ?? undefined, imposedBy: row.imposed_by ?? undefined,
    createdAt: row.created_at, until: row.until ?? undefined, besideId: row.beside_id ?? undefined, endedBy: row.ended_by ?? undefined, endedAt: row.ended_at ?? undefined,
  };
}
