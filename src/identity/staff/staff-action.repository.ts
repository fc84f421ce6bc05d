import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import type { StaffAction, StaffActionDraft, StaffActionName } from './staff-action.js';

interface Row {
  readonly id: string;
  readonly staff_id: string | null;
  readonly action: StaffActionName;
  readonly subject_id: string;
  readonly user_id: string | null;
  readonly note: string | null;
  readonly created_at: Date;
}

/** The table `staff_actions`: the app may add to it and read it, nothing else. */
@Injectable()
export class StaffActionRepository {
  async add(tx: TenantTx, id: string, staffId: string | undefined, draft: StaffActionDraft): Promise<void> {
    await tx.query('INSERT INTO staff_actions (tenant_id, id, actor_kind, staff_id, action, subject_id, user_id, note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', [
      tx.ctx.tenantId, id, staffId === undefined ? 'rule' : 'staff', staffId ?? null, draft.action, draft.subjectId, draft.userId ?? null, draft.note ?? null,
    ]);
  }

  /** Newest first, before the row `before`. */
  async list(tx: TenantTx, filter: { readonly subjectId?: string | undefined; readonly userId?: string | undefined }, before: string | undefined, count: number): Promise<readonly StaffAction[]> {
    const rows = await tx.query<Row>(
      `SELECT id, staff_id, action, subject_id, user_id, note, created_at FROM staff_actions
       WHERE tenant_id = $1 AND ($2::uuid IS NULL OR subject_id = $2) AND ($3::uuid IS NULL OR user_id = $3) AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5`,
      [tx.ctx.tenantId, filter.subjectId ?? null, filter.userId ?? null, before ?? null, count],
    );
    return rows.map((row) => ({
      id: row.id, staffId: row.staff_id ?? undefined, action: row.action, subjectId: row.subject_id, userId: row.user_id ?? undefined, note: row.note ?? undefined, createdAt: row.created_at,
    }));
  }
}
