import { Injectable } from '@nestjs/common';
import { Sealer } from '../../platform/crypto/index.js';
import type { TenantTx } from '../../platform/database/index.js';
import { openedText, textPlace } from '../desk/sealed-text.js';
import type { Appeal, AppealKind, AppealState } from './appeal.js';

interface Row {
  readonly id: string;
  readonly user_id: string;
  readonly kind: AppealKind;
  readonly subject_id: string;
  readonly text: string;
  readonly state: AppealState;
  readonly answer: string | null;
  readonly created_at: Date;
  readonly decided_at: Date | null;
}

export interface AppealFilter {
  readonly userId?: string | undefined;
  readonly state?: AppealState | undefined;
}

const COLUMNS = 'id, user_id, kind, subject_id, text, state, answer, created_at, decided_at';

/** The table `appeals`. */
@Injectable()
export class AppealRepository {
  constructor(private readonly sealer: Sealer) {}

  /** False when an appeal of this subject is open. */
  async insert(tx: TenantTx, appeal: Pick<Appeal, 'id' | 'userId' | 'kind' | 'subjectId'> & { readonly text: string }): Promise<boolean> {
    const { tenantId } = tx.ctx;
    const rows = await tx.query(
      `INSERT INTO appeals (tenant_id, id, user_id, kind, subject_id, text) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (tenant_id, user_id, kind, subject_id) WHERE state = 'open' DO NOTHING RETURNING id`,
      [tenantId, appeal.id, appeal.userId, appeal.kind, appeal.subjectId, this.sealer.seal(appeal.text, textPlace(tenantId, appeal.id, 'appeals.text'))],
    );
    return rows.length === 1;
  }

  async find(tx: TenantTx, id: string): Promise<Appeal | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM appeals WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id])).map((row) => this.appealOf(tx, row))[0];
  }

  /** Newest first, before the row `before`. */
  async list(tx: TenantTx, filter: AppealFilter, before: string | undefined, count: number): Promise<readonly Appeal[]> {
    const rows = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM appeals WHERE tenant_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND ($3::text IS NULL OR state = $3) AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5`,
      [tx.ctx.tenantId, filter.userId ?? null, filter.state ?? null, before ?? null, count],
    );
    return rows.map((row) => this.appealOf(tx, row));
  }

  /** False when it is not open. */
  async decide(tx: TenantTx, id: string, state: Exclude<AppealState, 'open'>, answer: string | undefined): Promise<boolean> {
    return (await tx.query(`UPDATE appeals SET state = $3, answer = $4, decided_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'open' RETURNING id`, [tx.ctx.tenantId, id, state, answer ?? null])).length === 1;
  }

  private appealOf(tx: TenantTx, row: Row): Appeal {
    return {
      id: row.id, userId: row.user_id, kind: row.kind, subjectId: row.subject_id, text: openedText(this.sealer, row.text, textPlace(tx.ctx.tenantId, row.id, 'appeals.text')),
      state: row.state, answer: row.answer ?? undefined, createdAt: row.created_at, decidedAt: row.decided_at ?? undefined,
    };
  }
}
