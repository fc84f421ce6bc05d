import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import type { MediaCheck, MediaFailure, MediaPurpose, MediaState, MediaVerdict } from './media-check.js';

interface Row extends Omit<MediaCheck, 'traceId' | 'label' | 'failure'> {
  readonly traceId: string | null;
  readonly label: number | null;
  readonly failure: MediaFailure | null;
}

interface Ending {
  readonly state: Exclude<MediaState, 'pending'>;
  readonly label?: number | undefined;
  readonly failure?: MediaFailure | undefined;
}

const COLUMNS = 'id, user_id AS "userId", purpose, type, url, state, step, attempts, trace_id AS "traceId", label, failure, created_at AS "createdAt"';

/** The table `media_checks`. A check is over when its state is another than pending; nothing but a person's decision changes it then. */
@Injectable()
export class MediaRepository {
  async insert(tx: TenantTx, draft: Pick<MediaCheck, 'id' | 'userId' | 'purpose' | 'type' | 'url'>): Promise<MediaCheck> {
    const rows = await tx.query<Row>(`INSERT INTO media_checks (tenant_id, id, user_id, purpose, type, url) VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`, [
      tx.ctx.tenantId, draft.id, draft.userId, draft.purpose, draft.type, draft.url,
    ]);
    return one(rows.map(checkOf)[0]);
  }

  async find(tx: TenantTx, id: string): Promise<MediaCheck | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM media_checks WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id])).map(checkOf)[0];
  }

  async lock(tx: TenantTx, id: string): Promise<MediaCheck | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM media_checks WHERE tenant_id = $1 AND id = $2 FOR UPDATE`, [tx.ctx.tenantId, id])).map(checkOf)[0];
  }

  /** The newest that was not withdrawn, and the newest of them that passed: of one moment, so that no verdict comes between the two. */
  async ownOf(tx: TenantTx, userId: string, purpose: MediaPurpose): Promise<{ readonly newest: MediaCheck | undefined; readonly shown: MediaCheck | undefined }> {
    const own = 'FROM media_checks WHERE tenant_id = $1 AND user_id = $2 AND purpose = $3 AND withdrawn_at IS NULL';
    const rows = await tx.query<Row>(
      `(SELECT ${COLUMNS} ${own} ORDER BY id DESC LIMIT 1) UNION (SELECT ${COLUMNS} ${own} AND state = 'passed' ORDER BY id DESC LIMIT 1) ORDER BY id DESC`,
      [tx.ctx.tenantId, userId, purpose],
    );
    const checks = rows.map(checkOf);
    return { newest: checks[0], shown: checks.find(({ state }) => state === 'passed') };
  }

  /** Lets one submission of a user at a time count and add. */
  async lockUser(tx: TenantTx, userId: string): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('media:' || $1 || ':' || $2, 0))`, [tx.ctx.tenantId, userId]);
  }

  /** How many a user brought within so many milliseconds. */
  async countSince(tx: TenantTx, userId: string, ms: number): Promise<number> {
    const rows = await tx.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM media_checks WHERE tenant_id = $1 AND user_id = $2 AND created_at > clock_timestamp() - $3 * interval '1 millisecond'`,
      [tx.ctx.tenantId, userId, ms],
    );
    return rows[0]?.count ?? 0;
  }

  /** Checks whose turn has come, each taken by one worker for the time of the lease. */
  async takeDue(tx: PlatformTx, limit: number, leaseMs: number): Promise<readonly { readonly tenantId: string; readonly id: string }[]> {
    return tx.query(
      `UPDATE media_checks c SET due_at = clock_timestamp() + $2 * interval '1 millisecond' FROM (
         SELECT tenant_id, id FROM media_checks WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT $1 FOR UPDATE SKIP LOCKED) due
       WHERE c.tenant_id = due.tenant_id AND c.id = due.id RETURNING c.tenant_id AS "tenantId", c.id`,
      [limit, leaseMs],
    );
  }

  /** Counts a call before it is made, so that calls of which nobody knows are counted, too. @returns how many it makes; undefined: none is due */
  async begin(tx: TenantTx, id: string): Promise<number | undefined> {
    const rows = await tx.query<{ attempts: number }>(`UPDATE media_checks SET attempts = attempts + 1 WHERE tenant_id = $1 AND id = $2 AND state = 'pending' AND step = 'ask' RETURNING attempts`, [tx.ctx.tenantId, id]);
    return rows[0]?.attempts;
  }

  /** WeChat took the call: its result is awaited. */
  async await(tx: TenantTx, id: string, traceId: string, ms: number): Promise<void> {
    await tx.query(
      `UPDATE media_checks SET step = 'wait', trace_id = $3, due_at = clock_timestamp() + $4 * interval '1 millisecond' WHERE tenant_id = $1 AND id = $2 AND state = 'pending'`,
      [tx.ctx.tenantId, id, traceId, ms],
    );
  }

  async askAgain(tx: TenantTx, id: string, afterMs: number): Promise<void> {
    await tx.query(`UPDATE media_checks SET step = 'ask', due_at = clock_timestamp() + $3 * interval '1 millisecond' WHERE tenant_id = $1 AND id = $2 AND state = 'pending'`, [tx.ctx.tenantId, id, afterMs]);
  }

  async end(tx: TenantTx, id: string, { state, label, failure }: Ending): Promise<void> {
    await tx.query(
      `UPDATE media_checks SET state = $3, label = coalesce($4, label), failure = $5, due_at = NULL, decided_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'pending'`,
      [tx.ctx.tenantId, id, state, label === undefined ? null : Math.trunc(label), failure ?? null],
    );
  }

  /** A person's word about what was in doubt. */
  async decide(tx: TenantTx, id: string, state: 'passed' | 'rejected'): Promise<void> {
    await tx.query(`UPDATE media_checks SET state = $3, decided_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'review'`, [tx.ctx.tenantId, id, state]);
  }

  async withdraw(tx: TenantTx, userId: string, purpose: MediaPurpose): Promise<void> {
    await tx.query('UPDATE media_checks SET withdrawn_at = clock_timestamp() WHERE tenant_id = $1 AND user_id = $2 AND purpose = $3 AND withdrawn_at IS NULL', [tx.ctx.tenantId, userId, purpose]);
  }

  /** What stays of a user who leaves: that there was a judgement, of nobody, about nothing. */
  async erase(tx: TenantTx, userId: string): Promise<void> {
    await tx.query(
      `UPDATE media_checks SET url = '', withdrawn_at = coalesce(withdrawn_at, clock_timestamp()), due_at = NULL,
         failure = CASE state WHEN 'pending' THEN 'user_gone' ELSE failure END, state = CASE state WHEN 'pending' THEN 'failed' ELSE state END WHERE tenant_id = $1 AND user_id = $2`,
      [tx.ctx.tenantId, userId],
    );
  }
}

/** The table `media_calls`: which call was about which check, and what was pushed of it, in whichever order the two become known. */
@Injectable()
export class MediaCallRepository {
  /** @returns the verdict that arrived before. */
  async made(tx: TenantTx, traceId: string, checkId: string): Promise<MediaVerdict | undefined> {
    const [row] = await tx.query<{ errcode: number | null; suggest: MediaVerdict['suggest'] | null; label: number | null }>(
      `INSERT INTO media_calls (tenant_id, trace_id, check_id) VALUES ($1, $2, $3)
       ON CONFLICT (tenant_id, trace_id) DO UPDATE SET check_id = coalesce(media_calls.check_id, excluded.check_id) RETURNING errcode, suggest, label`,
      [tx.ctx.tenantId, traceId, checkId],
    );
    return row === undefined || row.errcode === null ? undefined : { traceId, errcode: row.errcode, suggest: row.suggest ?? undefined, label: row.label ?? undefined };
  }

  /** @returns the check that the call was about, null where that is not known yet; undefined when this verdict was here before. */
  async received(tx: TenantTx, { traceId, errcode, suggest, label }: MediaVerdict): Promise<string | null | undefined> {
    const [row] = await tx.query<{ check_id: string | null }>(
      `INSERT INTO media_calls (tenant_id, trace_id, errcode, suggest, label, received_at) VALUES ($1, $2, $3, $4, $5, clock_timestamp())
       ON CONFLICT (tenant_id, trace_id) DO UPDATE SET errcode = excluded.errcode, suggest = excluded.suggest, label = excluded.label, received_at = excluded.received_at
         WHERE media_calls.received_at IS NULL RETURNING check_id`,
      [tx.ctx.tenantId, traceId, errcode, suggest ?? null, label === undefined ? null : Math.trunc(label)],
    );
    return row === undefined ? undefined : row.check_id;
  }

  /** Tenants that have rows from before a moment. */
  async tenantsBefore(tx: PlatformTx, before: Date): Promise<readonly string[]> {
    return (await tx.query<{ tenant_id: string }>('SELECT DISTINCT tenant_id FROM media_calls WHERE made_at < $1', [before])).map((row) => row.tenant_id);
  }

  /** Removes up to `most` of the tenant's oldest rows from before a moment. @returns how many */
  async removeBefore(tx: TenantTx, before: Date, most: number): Promise<number> {
    const rows = await tx.query(
      `DELETE FROM media_calls c USING (SELECT tenant_id, trace_id FROM media_calls WHERE tenant_id = $1 AND made_at < $2 ORDER BY made_at LIMIT $3) old
       WHERE c.tenant_id = old.tenant_id AND c.trace_id = old.trace_id RETURNING c.trace_id`,
      [tx.ctx.tenantId, before, most],
    );
    return rows.length;
  }
}

function checkOf(row: Row): MediaCheck {
  return { ...row, traceId: row.traceId ?? undefined, label: row.label ?? undefined, failure: row.failure ?? undefined };
}

function one(check: MediaCheck | undefined): MediaCheck {
  if (check === undefined) throw new Error('a media check is gone that was just made');
  return check;
}
