import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import { timeOfId } from '../../platform/values/index.js';
import type { Action, Layer, Stage } from '../verdict.js';
import { monthOfPartition, type Month } from './months.js';
import type { VerdictFilter, VerdictRow } from './verdict-row.js';
import type { KeptPart, SealedPart } from './verdict-text.js';

interface Row {
  readonly id: string;
  readonly created_at: Date;
  readonly stage: Stage;
  readonly layer: Layer;
  readonly version: string;
  readonly asked: Action;
  readonly action: Action;
  readonly label: string;
  readonly score: number | null;
  readonly trace_id: string | null;
  readonly failure: string | null;
  readonly hit: string | null;
  readonly hit_sealed: string | null;
  readonly latency_ms: number;
  readonly cached: boolean;
  readonly shadow: boolean;
  readonly user_id: string | null;
  readonly conversation_id: string | null;
  readonly run_id: string | null;
  readonly message_id: string | null;
  readonly text_digest: string | null;
  readonly text_length: number;
  readonly has_text: boolean;
}

/** A part of a text with the key of its row: sealed, or, of a hit that stands in clear beside a sealed text, as it is. */
export interface PartOfRow {
  readonly tenantId: string;
  readonly id: string;
  readonly value: string;
}

/** A row whose hit may be sealed. */
export interface FoundVerdict {
  readonly row: Omit<VerdictRow, 'hit'>;
  readonly hit: KeptPart;
}

/** Rows by what is looked for in them: a sealed part, or hits that came before hits were sealed. */
const PARTS: Readonly<Record<SealedPart | 'bare hit', { readonly value: string; readonly where: string }>> = {
  text: { value: 'text_sealed', where: 'text_sealed IS NOT NULL' },
  hit: { value: 'hit_sealed', where: 'hit_sealed IS NOT NULL' },
  'bare hit': { value: 'hit', where: 'hit IS NOT NULL AND text_sealed IS NOT NULL' },
};

const COLUMNS = `id, created_at, stage, layer, version, asked, action, label, score, trace_id, failure, hit, hit_sealed, latency_ms, cached, shadow,
  user_id, conversation_id, run_id, message_id, text_digest, text_length, text IS NOT NULL OR text_sealed IS NOT NULL AS has_text`;

/** The tables `verdicts`, a partition a month, and `verdict_reads`. Rows are written by the grouped call `record_verdicts`. */
@Injectable()
export class VerdictRepository {
  /** Newest first. An id tells its row's time, so it is a whole key. */
  async search(tx: TenantTx, filter: VerdictFilter, before: string | undefined, count: number): Promise<readonly FoundVerdict[]> {
    const parameters: unknown[] = [tx.ctx.tenantId];
    const given = (value: unknown): string => `$${parameters.push(value)}`;
    const conditions = [
      'tenant_id = $1',
      ...(filter.from === undefined ? [] : [`created_at >= ${given(filter.from)}`]),
      ...(filter.to === undefined ? [] : [`created_at < ${given(filter.to)}`]),
      ...(filter.userId === undefined ? [] : [`user_id = ${given(filter.userId)}`]),
      ...(filter.runId === undefined ? [] : [`run_id = ${given(filter.runId)}`]),
      ...(filter.layer === undefined ? [] : [`layer = ${given(filter.layer)}`]),
      ...(filter.stage === undefined ? [] : [`stage = ${given(filter.stage)}`]),
      ...(filter.action === undefined ? [] : [`action = ${given(filter.action)}`]),
      ...(filter.label === undefined ? [] : [`label = ${given(filter.label)}`]),
      ...(before === undefined ? [] : [`(created_at, id) < (${given(new Date(timeOfId(before)))}, ${given(before)})`]),
    ];
    const rows = await tx.query<Row>(`SELECT ${COLUMNS} FROM verdicts WHERE ${conditions.join(' AND ')} ORDER BY created_at DESC, id DESC LIMIT ${given(count)}`, parameters);
    return rows.map(rowOf);
  }

  async find(tx: TenantTx, id: string): Promise<(FoundVerdict & { readonly text: KeptPart }) | undefined> {
    const [row] = await tx.query<Row & { readonly text: string | null; readonly text_sealed: string | null }>(
      `SELECT ${COLUMNS}, text, text_sealed FROM verdicts WHERE tenant_id = $1 AND created_at = $2 AND id = $3`, [tx.ctx.tenantId, new Date(timeOfId(id)), id]);
    return row === undefined ? undefined : { ...rowOf(row), text: { plain: row.text, sealed: row.text_sealed } };
  }

  /** Whose eyes a text was shown to. */
  async noteRead(tx: TenantTx, id: string, staffId: string, verdictId: string): Promise<void> {
    await tx.query('INSERT INTO verdict_reads (tenant_id, id, staff_id, verdict_id, request_id) VALUES ($1, $2, $3, $4, $5)', [tx.ctx.tenantId, id, staffId, verdictId, tx.ctx.requestId.slice(0, 200)]);
  }

  /** Parts of all tenants' rows in the order of their keys, after a row. */
  async partsOf(tx: PlatformTx, part: SealedPart | 'bare hit', after: PartOfRow | undefined, count: number): Promise<readonly PartOfRow[]> {
    const { value, where } = PARTS[part];
    const rows = await tx.query<{ tenant_id: string; id: string; value: string }>(
      `SELECT tenant_id, id, ${value} AS value FROM verdicts
       WHERE ${where} AND ($1::uuid IS NULL OR (tenant_id, created_at, id) > ($1, $2, $3)) ORDER BY tenant_id, created_at, id LIMIT $4`,
      [after?.tenantId ?? null, after === undefined ? null : new Date(timeOfId(after.id)), after?.id ?? null, count],
    );
    return rows.map((row) => ({ tenantId: row.tenant_id, id: row.id, value: row.value }));
  }

  /** Keeps a part sealed, and no longer in clear. False when the row is gone meanwhile. */
  async replaceSeal(tx: PlatformTx, part: SealedPart, { tenantId, id }: PartOfRow, sealed: string): Promise<boolean> {
    const change = part === 'text' ? 'text_sealed = $4' : 'hit_sealed = $4, hit = NULL';
    return (await tx.query(`UPDATE verdicts SET ${change} WHERE tenant_id = $1 AND created_at = $2 AND id = $3 RETURNING id`, [tenantId, new Date(timeOfId(id)), id, sealed])).length === 1;
  }

  async makeMonths(tx: PlatformTx, months: readonly Month[]): Promise<void> {
    for (const month of months) await tx.query('SELECT make_verdict_partition($1)', [month]);
  }

  async months(tx: PlatformTx): Promise<readonly Month[]> {
    const rows = await tx.query<{ name: string }>(`SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'verdicts'::regclass`);
    return rows.map(({ name }) => monthOfPartition(name)).filter((month) => month !== undefined).sort();
  }

  /** @returns whether there was one. */
  async dropMonth(tx: PlatformTx, month: Month): Promise<boolean> {
    return (await tx.query<{ dropped: boolean }>('SELECT drop_verdict_partition($1) AS dropped', [month]))[0]?.dropped === true;
  }

  /** Tenants that have rows from before a moment. */
  async tenantsBefore(tx: PlatformTx, before: Date): Promise<readonly string[]> {
    return (await tx.query<{ tenant_id: string }>('SELECT DISTINCT tenant_id FROM verdicts WHERE created_at < $1', [before])).map((row) => row.tenant_id);
  }

  /** Removes up to `most` of the tenant's oldest rows from before a moment. @returns how many */
  async expire(tx: TenantTx, before: Date, most: number): Promise<number> {
    return (await tx.query<{ gone: number }>('SELECT expire_verdicts($1, $2, $3) AS gone', [tx.ctx.tenantId, before, most]))[0]?.gone ?? 0;
  }
}

function rowOf(row: Row): FoundVerdict {
  const verdict = {
    id: row.id, createdAt: row.created_at, stage: row.stage, layer: row.layer, version: row.version, asked: row.asked, action: row.action, label: row.label,
    score: row.score ?? undefined, traceId: row.trace_id ?? undefined, failure: row.failure ?? undefined,
    latencyMs: row.latency_ms, cached: row.cached, shadow: row.shadow,
    userId: row.user_id ?? undefined, conversationId: row.conversation_id ?? undefined, runId: row.run_id ?? undefined, messageId: row.message_id ?? undefined,
    textDigest: row.text_digest ?? undefined, textLength: row.text_length, hasText: row.has_text,
  };
  return { row: verdict, hit: { plain: row.hit, sealed: row.hit_sealed } };
}
