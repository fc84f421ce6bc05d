import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import { mayMoveRefund, isEnded, type Refund, type RefundState } from './refund.js';

interface Row {
  readonly id: string; readonly order_id: string; readonly user_id: string; readonly out_refund_no: string; readonly state: RefundState; readonly amount_fen: string;
  readonly credits: string; readonly held_credits: string; readonly reason: string; readonly override_reason: string | null; readonly wechat_refund_id: string | null;
  readonly failure: string | null; readonly query_count: number; readonly created_at: Date; readonly ended_at: Date | null;
}

const COLUMNS = 'id, order_id, user_id, out_refund_no, state, amount_fen, credits, held_credits, reason, override_reason, wechat_refund_id, failure, query_count, created_at, ended_at';

export interface RefundDraft extends Omit<Refund, 'state' | 'wechatRefundId' | 'failure' | 'queryCount' | 'createdAt' | 'endedAt'> {
  readonly idempotencyKey: string | undefined;
  readonly requestedBy: string | undefined;
  readonly nextQueryAt: Date;
}

/** The table `refunds`. */
@Injectable()
export class RefundRepository {
  async insert(tx: TenantTx, draft: RefundDraft): Promise<void> {
    await tx.query(
      `INSERT INTO refunds (tenant_id, id, order_id, user_id, out_refund_no, amount_fen, credits, held_credits, reason, override_reason, idempotency_key, requested_by, next_query_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
      [tx.ctx.tenantId, draft.id, draft.orderId, draft.userId, draft.outRefundNo, draft.amount.toString(), draft.credits.toString(), draft.heldCredits.toString(), draft.reason,
        draft.overrideReason ?? null, draft.idempotencyKey ?? null, draft.requestedBy ?? null, draft.nextQueryAt],
    );
  }

  async byId(tx: TenantTx, id: string): Promise<Refund | undefined> {
    return first(await tx.query<Row>(`SELECT ${COLUMNS} FROM refunds WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id]));
  }

  async lockByOutRefundNo(tx: TenantTx, outRefundNo: string): Promise<Refund | undefined> {
    return first(await tx.query<Row>(`SELECT ${COLUMNS} FROM refunds WHERE tenant_id = $1 AND out_refund_no = $2 FOR UPDATE`, [tx.ctx.tenantId, outRefundNo]));
  }

  async byIdempotencyKey(tx: TenantTx, orderId: string, key: string): Promise<Refund | undefined> {
    return first(await tx.query<Row>(`SELECT ${COLUMNS} FROM refunds WHERE tenant_id = $1 AND order_id = $2 AND idempotency_key = $3`, [tx.ctx.tenantId, orderId, key]));
  }

  /** All of an order, oldest first; an order has 50 at most that count, and few that failed. */
  async ofOrder(tx: TenantTx, orderId: string): Promise<readonly Refund[]> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM refunds WHERE tenant_id = $1 AND order_id = $2 ORDER BY created_at, id LIMIT 500`, [tx.ctx.tenantId, orderId])).map(refundOf);
  }

  /** Moves a refund that the caller has locked. @throws Error for a move that is not legal: a fault of ours */
  async move(tx: TenantTx, refund: Refund, to: RefundState, change: { readonly wechatRefundId?: string | undefined; readonly failure?: string | undefined } = {}): Promise<void> {
    if (!mayMoveRefund(refund.state, to)) throw new Error(`a refund can't move from ${refund.state} to ${to}`);
    const rows = await tx.query(
      `UPDATE refunds SET state = $4, wechat_refund_id = coalesce($5, wechat_refund_id), failure = coalesce($6, failure), updated_at = clock_timestamp(),
         ended_at = CASE WHEN $7 THEN clock_timestamp() END, next_query_at = CASE WHEN $7 THEN NULL ELSE next_query_at END
       WHERE tenant_id = $1 AND id = $2 AND state = $3 RETURNING id`,
      [tx.ctx.tenantId, refund.id, refund.state, to, change.wechatRefundId ?? null, change.failure ?? null, isEnded(to)],
    );
    if (rows.length !== 1) throw new Error('a refund that was locked has moved');
  }

  async takeDue(tx: PlatformTx, limit: number, leaseMs: number): Promise<readonly { readonly tenantId: string; readonly id: string }[]> {
    return tx.query(
      `UPDATE refunds r SET next_query_at = clock_timestamp() + $2 * interval '1 millisecond' FROM (
         SELECT tenant_id, id FROM refunds WHERE next_query_at <= clock_timestamp() ORDER BY next_query_at LIMIT $1 FOR UPDATE SKIP LOCKED) due
       WHERE r.tenant_id = due.tenant_id AND r.id = due.id RETURNING r.tenant_id AS "tenantId", r.id`,
      [limit, leaseMs],
    );
  }

  async schedule(tx: TenantTx, id: string, nextAt: Date): Promise<void> {
    await tx.query('UPDATE refunds SET next_query_at = $3, query_count = query_count + 1 WHERE tenant_id = $1 AND id = $2 AND next_query_at IS NOT NULL', [tx.ctx.tenantId, id, nextAt]);
  }

  async byOutRefundNos(tx: TenantTx, outRefundNos: readonly string[]): Promise<readonly Refund[]> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM refunds WHERE tenant_id = $1 AND out_refund_no = ANY ($2::text[])`, [tx.ctx.tenantId, outRefundNos])).map(refundOf);
  }

  /** Refunds that were asked for on a Beijing day, of orders of this merchant. */
  async requestedOn(tx: TenantTx, merchantId: string, day: string): Promise<readonly (Refund & { readonly outTradeNo: string })[]> {
    const rows = await tx.query<Row & { out_trade_no: string }>(
      `SELECT ${COLUMNS.split(', ').map((column) => `r.${column}`).join(', ')}, o.out_trade_no FROM refunds r JOIN orders o ON o.tenant_id = r.tenant_id AND o.id = r.order_id
       WHERE r.tenant_id = $1 AND o.merchant_id = $2 AND r.created_at >= ($3::date::timestamp AT TIME ZONE 'Asia/Shanghai') AND r.created_at < (($3::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')`,
      [tx.ctx.tenantId, merchantId, day],
    );
    return rows.map((row) => ({ ...refundOf(row), outTradeNo: row.out_trade_no }));
  }
}

function first(rows: readonly Row[]): Refund | undefined {
  return rows[0] === undefined ? undefined : refundOf(rows[0]);
}

function refundOf(row: Row): Refund {
  return {
    id: row.id, orderId: row.order_id, userId: row.user_id, outRefundNo: row.out_refund_no, state: row.state, amount: BigInt(row.amount_fen), credits: BigInt(row.credits),
    heldCredits: BigInt(row.held_credits), reason: row.reason, overrideReason: row.override_reason ?? undefined, wechatRefundId: row.wechat_refund_id ?? undefined,
    failure: row.failure ?? undefined, queryCount: row.query_count, createdAt: row.created_at, endedAt: row.ended_at ?? undefined,
  };
}
