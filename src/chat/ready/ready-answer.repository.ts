import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { questionDigest, type ReadyAnswer, type ReadyAnswerDraft } from './ready-answer.js';

interface Row {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
  readonly model: string | null;
  readonly enabled: boolean;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const COLUMNS = 'id, question, answer, model, enabled, created_at, updated_at';

/** The table `ready_answers`. */
@Injectable()
export class ReadyAnswerRepository {
  async enabled(tx: TenantTx, limit: number): Promise<readonly ReadyAnswer[]> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM ready_answers WHERE tenant_id = $1 AND enabled ORDER BY id LIMIT $2`, [tx.ctx.tenantId, limit])).map(answerOf);
  }

  /** Newest first, before the row `before`. */
  async list(tx: TenantTx, before: string | undefined, count: number): Promise<readonly ReadyAnswer[]> {
    const rows = await tx.query<Row>(`SELECT ${COLUMNS} FROM ready_answers WHERE tenant_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`, [tx.ctx.tenantId, before ?? null, count]);
    return rows.map(answerOf);
  }

  async find(tx: TenantTx, id: string): Promise<ReadyAnswer | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM ready_answers WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id])).map(answerOf)[0];
  }

  async count(tx: TenantTx): Promise<number> {
    return (await tx.query<{ count: number }>('SELECT count(*)::int AS count FROM ready_answers WHERE tenant_id = $1', [tx.ctx.tenantId]))[0]?.count ?? 0;
  }

  async insert(tx: TenantTx, id: string, draft: ReadyAnswerDraft): Promise<void> {
    await tx.query('INSERT INTO ready_answers (tenant_id, id, question, digest, answer, model, enabled) VALUES ($1, $2, $3, $4, $5, $6, $7)', parametersOf(tx, id, draft));
  }

  async replace(tx: TenantTx, id: string, draft: ReadyAnswerDraft): Promise<boolean> {
    const rows = await tx.query(
      'UPDATE ready_answers SET question = $3, digest = $4, answer = $5, model = $6, enabled = $7, updated_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 RETURNING id',
      parametersOf(tx, id, draft),
    );
    return rows.length === 1;
  }

  async remove(tx: TenantTx, id: string): Promise<boolean> {
    return (await tx.query('DELETE FROM ready_answers WHERE tenant_id = $1 AND id = $2 RETURNING id', [tx.ctx.tenantId, id])).length === 1;
  }
}

function parametersOf(tx: TenantTx, id: string, { question, answer, model, enabled }: ReadyAnswerDraft): unknown[] {
  return [tx.ctx.tenantId, id, question, questionDigest(question), answer, model ?? null, enabled];
}

function answerOf(row: Row): ReadyAnswer {
  return { id: row.id, question: row.question, answer: row.answer, model: row.model ?? undefined, enabled: row.enabled, createdAt: row.created_at, updatedAt: row.updated_at };
}
