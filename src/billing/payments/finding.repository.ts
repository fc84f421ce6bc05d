import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { derivedId } from '../ledger/derived-id.js';
import type { Finding, FindingDraft, FindingKind, FindingState } from './finding.js';

interface Row {
  readonly id: string; readonly kind: FindingKind; readonly state: FindingState; readonly order_id: string | null; readonly refund_id: string | null;
  readonly out_trade_no: string | null; readonly transaction_id: string | null; readonly bill_day: string | null; readonly details: Readonly<Record<string, unknown>>;
  readonly seen: number; readonly first_seen_at: Date; readonly last_seen_at: Date; readonly resolution: Readonly<Record<string, unknown>> | null; readonly resolved_at: Date | null;
}

const COLUMNS = 'id, kind, state, order_id, refund_id, out_trade_no, transaction_id, bill_day::text AS bill_day, details, seen, first_seen_at, last_seen_at, resolution, resolved_at';

/** The table `payment_findings`. */
@Injectable()
export class FindingRepository {
  /** Keeps it, or counts it again. True when it is new. */
  async keep(tx: TenantTx, draft: FindingDraft): Promise<boolean> {
    const rows = await tx.query<{ seen: number }>(
      `INSERT INTO payment_findings (tenant_id, id, kind, order_id, refund_id, out_trade_no, transaction_id, bill_day, details) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (tenant_id, id) DO UPDATE SET seen = payment_findings.seen + 1, last_seen_at = clock_timestamp() RETURNING seen`,
      [tx.ctx.tenantId, derivedId(`${tx.ctx.tenantId}:finding:${draft.kind}:${draft.key}`), draft.kind, draft.orderId ?? null, draft.refundId ?? null, draft.outTradeNo ?? null,
        draft.transactionId ?? null, draft.billDay ?? null, JSON.stringify(draft.details)],
    );
    return rows[0]?.seen === 1;
  }

  async lock(tx: TenantTx, id: string): Promise<Finding | undefined> {
    const row = (await tx.query<Row>(`SELECT ${COLUMNS} FROM payment_findings WHERE tenant_id = $1 AND id = $2 FOR UPDATE`, [tx.ctx.tenantId, id]))[0];
    return row === undefined ? undefined : findingOf(row);
  }

  async resolve(tx: TenantTx, id: string, state: Exclude<FindingState, 'open'>, staffId: string | undefined, resolution: Readonly<Record<string, unknown>>): Promise<void> {
    await tx.query(
      `UPDATE payment_findings SET state = $3, resolved_by = $4, resolution = $5, resolved_at = clock_timestamp() WHERE tenant_id = $1 AND id = $2 AND state = 'open'`,
      [tx.ctx.tenantId, id, state, staffId ?? null, JSON.stringify(resolution)],
    );
  }

  /** Findings of a bill's day that a new look at the bill did not see again: they have settled themselves. */
  async settleDay(tx: TenantTx, day: string, before: Date): Promise<void> {
    await tx.query(
      `UPDATE payment_findings SET state = 'settled', resolution = '{"action":"settled"}', resolved_at = clock_timestamp()
       WHERE tenant_id = $1 AND bill_day = $2 AND state = 'open' AND kind LIKE 'bill\\_%' AND last_seen_at < $3`,
      [tx.ctx.tenantId, day, before],
    );
  }

  /** Newest first. */
  async list(tx: TenantTx, filter: { readonly state: FindingState | undefined; readonly before: { readonly at: string; readonly id: string } | undefined; readonly count: number }): Promise<readonly Finding[]> {
    const rows = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM payment_findings WHERE tenant_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::timestamptz IS NULL OR (first_seen_at, id) < ($3, $4::uuid))
       ORDER BY first_seen_at DESC, id DESC LIMIT $5`,
      [tx.ctx.tenantId, filter.state ?? null, filter.before?.at ?? null, filter.before?.id ?? null, filter.count],
    );
    return rows.map(findingOf);
  }
}

function findingOf(row: Row): Finding {
  return {
    id: row.id, kind: row.kind, state: row.state, orderId: row.order_id ?? undefined, refundId: row.refund_id ?? undefined, outTradeNo: row.out_trade_no ?? undefined,
    transactionId: row.transaction_id ?? undefined, billDay: row.bill_day ?? undefined, details: row.details, seen: row.seen, firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at, resolution: row.resolution ?? undefined, resolvedAt: row.resolved_at ?? undefined,
  };
}
