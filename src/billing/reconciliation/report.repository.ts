import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import type { Comparison } from './compare.js';
import type { BillReport } from './report.js';

interface Row {
  readonly day: string; readonly merchant_id: string; readonly outcome: 'clean' | 'differs'; readonly matched: number; readonly differing: number;
  readonly paid_fen: string; readonly refunded_fen: string; readonly bill_paid_fen: string; readonly bill_refunded_fen: string; readonly runs: number; readonly ran_at: Date;
}

/** The table `bill_reports`: one row a tenant and day, written anew by every run. */
@Injectable()
export class ReportRepository {
  async put(tx: TenantTx, day: string, merchantId: string, { matched, findings, totals }: Comparison): Promise<void> {
    await tx.query(
      `INSERT INTO bill_reports (tenant_id, day, merchant_id, outcome, matched, differing, paid_fen, refunded_fen, bill_paid_fen, bill_refunded_fen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (tenant_id, day) DO UPDATE SET merchant_id = excluded.merchant_id, outcome = excluded.outcome, matched = excluded.matched, differing = excluded.differing,
         paid_fen = excluded.paid_fen, refunded_fen = excluded.refunded_fen, bill_paid_fen = excluded.bill_paid_fen, bill_refunded_fen = excluded.bill_refunded_fen,
         runs = bill_reports.runs + 1, ran_at = clock_timestamp()`,
      [tx.ctx.tenantId, day, merchantId, findings.length === 0 ? 'clean' : 'differs', matched, findings.length, totals.paid.toString(), totals.refunded.toString(), totals.billPaid.toString(), totals.billRefunded.toString()],
    );
  }

  async byDay(tx: TenantTx, day: string): Promise<BillReport | undefined> {
    const row = (await tx.query<Row>('SELECT day::text AS day, merchant_id, outcome, matched, differing, paid_fen, refunded_fen, bill_paid_fen, bill_refunded_fen, runs, ran_at FROM bill_reports WHERE tenant_id = $1 AND day = $2', [tx.ctx.tenantId, day]))[0];
    return row === undefined ? undefined : reportOf(row);
  }

  /** Newest day first. */
  async list(tx: TenantTx, before: string | undefined, count: number): Promise<readonly BillReport[]> {
    const rows = await tx.query<Row>(
      `SELECT day::text AS day, merchant_id, outcome, matched, differing, paid_fen, refunded_fen, bill_paid_fen, bill_refunded_fen, runs, ran_at FROM bill_reports
       WHERE tenant_id = $1 AND ($2::date IS NULL OR day < $2) ORDER BY day DESC LIMIT $3`,
      [tx.ctx.tenantId, before ?? null, count],
    );
    return rows.map(reportOf);
  }

  /** Tenants with a merchant account that have no report of the day yet. */
  async withoutReport(tx: PlatformTx, day: string, limit: number): Promise<readonly string[]> {
    const rows = await tx.query<{ tenant_id: string }>(
      'SELECT m.tenant_id FROM tenant_merchants m WHERE NOT EXISTS (SELECT 1 FROM bill_reports r WHERE r.tenant_id = m.tenant_id AND r.day = $1) ORDER BY m.tenant_id LIMIT $2',
      [day, limit],
    );
    return rows.map((row) => row.tenant_id);
  }
}

function reportOf(row: Row): BillReport {
  return {
    day: row.day, merchantId: row.merchant_id, outcome: row.outcome, matched: row.matched, differing: row.differing, paid: BigInt(row.paid_fen), refunded: BigInt(row.refunded_fen),
    billPaid: BigInt(row.bill_paid_fen), billRefunded: BigInt(row.bill_refunded_fen), runs: row.runs, ranAt: row.ran_at,
  };
}
