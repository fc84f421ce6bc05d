import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { newId } from '../../platform/values/index.js';
import type { Notice, NoticeKind } from './notice.js';

interface Row {
  readonly id: string;
  readonly kind: NoticeKind;
  readonly subject_id: string;
  readonly text: string;
  readonly created_at: Date;
  readonly read_at: Date | null;
}

/** Most that are kept for a user; the oldest go. */
const MOST = 200;

/** The table `notices`. */
@Injectable()
export class NoticeRepository {
  async add(tx: TenantTx, userId: string, notice: Pick<Notice, 'kind' | 'subjectId' | 'text'>): Promise<void> {
    const { tenantId } = tx.ctx;
    await tx.query('INSERT INTO notices (tenant_id, id, user_id, kind, subject_id, text) VALUES ($1, $2, $3, $4, $5, $6)', [tenantId, newId(), userId, notice.kind, notice.subjectId, notice.text.slice(0, 600).toWellFormed()]);
    await tx.query('DELETE FROM notices WHERE tenant_id = $1 AND user_id = $2 AND id <= (SELECT id FROM notices WHERE tenant_id = $1 AND user_id = $2 ORDER BY id DESC OFFSET $3 LIMIT 1)', [tenantId, userId, MOST]);
  }

  /** Newest first, before the row `before`. */
  async list(tx: TenantTx, userId: string, before: string | undefined, count: number): Promise<readonly Notice[]> {
    const rows = await tx.query<Row>(
      'SELECT id, kind, subject_id, text, created_at, read_at FROM notices WHERE tenant_id = $1 AND user_id = $2 AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4',
      [tx.ctx.tenantId, userId, before ?? null, count],
    );
    return rows.map((row) => ({ id: row.id, kind: row.kind, subjectId: row.subject_id, text: row.text, createdAt: row.created_at, readAt: row.read_at ?? undefined }));
  }

  /** False when the user has no such notice. Reading twice is reading once. */
  async markRead(tx: TenantTx, userId: string, id: string): Promise<boolean> {
    const rows = await tx.query('UPDATE notices SET read_at = coalesce(read_at, clock_timestamp()) WHERE tenant_id = $1 AND id = $2 AND user_id = $3 RETURNING id', [tx.ctx.tenantId, id, userId]);
    return rows.length === 1;
  }
}
