import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import { newId } from '../../platform/values/index.js';
import type { PayChannel } from '../../wechat/index.js';
import { mayMove, type Order, type OrderCause, type OrderState, type Pricing } from './order.js';

interface Row {
  readonly id: string; readonly user_id: string; readonly package_id: string | null; readonly channel: PayChannel; readonly state: OrderState;
  readonly app_id: string; readonly merchant_id: string; readonly out_trade_no: string; readonly openid: string | null; readonly client_ip: string | null;
  readonly description: string; readonly total_fen: string; readonly credits: string; readonly bonus_credits: string; readonly pricing: Pricing;
  readonly request_digest: string; readonly transaction_id: string | null; readonly refunded_fen: string; readonly expires_at: Date; readonly query_count: number;
  readonly paid_at: Date | null; readonly created_at: Date;
}

const COLUMNS = `id, user_id, package_id, channel, state, app_id, merchant_id, out_trade_no, openid, client_ip, description, total_fen, credits, bonus_credits, pricing,
  request_digest, transaction_id, refunded_fen, expires_at, query_count, paid_at, created_at`;

/** What a move writes beside the state. */
export interface OrderChange {
  readonly transactionId?: string;
  readonly payerTotal?: bigint;
  readonly paidAt?: Date;
  readonly refunded?: bigint;
  /** null: WeChat need not be asked any more. */
  readonly nextQueryAt?: Date | null;
}

export interface OrderDraft extends Omit<Order, 'state' | 'transactionId' | 'refunded' | 'queryCount' | 'paidAt'> {
  readonly nextQueryAt: Date;
}

/** The tables `orders` and `order_events`. */
@Injectable()
export class OrderRepository {
  /** Orders of one user are made one after the other, so that none slips past a limit. Held until the end of the transaction. */
  async lockUser(tx: TenantTx, userId: string): Promise<void> {
    await tx.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`orders:${tx.ctx.tenantId}:${userId}`]);
  }

  async insert(tx: TenantTx, draft: OrderDraft): Promise<void> {
    await tx.query(
      `INSERT INTO orders (tenant_id, id, user_id, package_id, channel, app_id, merchant_id, out_trade_no, openid, client_ip, description, total_fen, credits, bonus_credits,
         pricing, request_digest, expires_at, next_query_at, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
      [tx.ctx.tenantId, draft.id, draft.userId, draft.packageId ?? null, draft.channel, draft.appId, draft.merchantId, draft.outTradeNo, draft.openid ?? null,
        draft.clientIp ?? null, draft.description, draft.total.toString(), draft.credits.toString(), draft.bonusCredits.toString(), JSON.stringify(draft.pricing),
        draft.requestDigest, draft.expiresAt, draft.nextQueryAt, draft.createdAt],
    );
    await this.record(tx, draft.id, null, 'created', 'ordered');
  }

  async byId(tx: TenantTx, id: string): Promise<Order | undefined> {
    return first(await tx.query<Row>(`SELECT ${COLUMNS} FROM orders WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id]));
  }

  /** The row locked until the end of the transaction: every change of an order goes through here. */
  async lock(tx: TenantTx, id: string): Promise<Order | undefined> {
    return first(await tx.query<Row>(`SELECT ${COLUMNS} FROM orders WHERE tenant_id = $1 AND id = $2 FOR UPDATE`, [tx.ctx.tenantId, id]));
  }

  async lockByOutTradeNo(tx: TenantTx, outTradeNo: string): Promise<Order | undefined> {
    return first(await tx.query<Row>(`SELECT ${COLUMNS} FROM orders WHERE tenant_id = $1 AND out_trade_no = $2 FOR UPDATE`, [tx.ctx.tenantId, outTradeNo]));
  }

  /** The order that this key led to before, and what was wanted then. */
  async requested(tx: TenantTx, userId: string, key: string): Promise<{ readonly orderId: string; readonly wanted: string } | undefined> {
    return (await tx.query<{ orderId: string; wanted: string }>('SELECT order_id AS "orderId", wanted FROM order_requests WHERE tenant_id = $1 AND user_id = $2 AND idempotency_key = $3', [tx.ctx.tenantId, userId, key]))[0];
  }

  async remember(tx: TenantTx, userId: string, key: string, orderId: string, wanted: string): Promise<void> {
    await tx.query('INSERT INTO order_requests (tenant_id, user_id, idempotency_key, order_id, wanted) VALUES ($1, $2, $3, $4, $5)', [tx.ctx.tenantId, userId, key, orderId, wanted]);
  }

  /** The newest open order for the same thing at the same price that can be paid until `payableUntil` at least. */
  async reusable(tx: TenantTx, userId: string, requestDigest: string, payableUntil: Date): Promise<Order | undefined> {
    return first(await tx.query<Row>(
      `SELECT ${COLUMNS} FROM orders WHERE tenant_id = $1 AND user_id = $2 AND request_digest = $3 AND state IN ('created', 'prepaid') AND expires_at >= $4 ORDER BY created_at DESC LIMIT 1`,
      [tx.ctx.tenantId, userId, requestDigest, payableUntil],
    ));
  }

  /** How many of this package the user has bought, or could still be paying for. Refunded ones count: the offer was used. */
  async countOf(tx: TenantTx, userId: string, packageId: string): Promise<number> {
    const rows = await tx.query<{ count: number }>(`SELECT count(*)::int AS count FROM orders WHERE tenant_id = $1 AND user_id = $2 AND package_id = $3 AND state <> 'closed'`, [tx.ctx.tenantId, userId, packageId]);
    return rows[0]?.count ?? 0;
  }

  /** Newest first; of one user, or of all. */
  async list(tx: TenantTx, filter: { readonly userId: string | undefined; readonly state: OrderState | undefined; readonly before: { readonly at: string; readonly id: string } | undefined; readonly count: number }): Promise<readonly Order[]> {
    const rows = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM orders WHERE tenant_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND ($3::text IS NULL OR state = $3)
         AND ($4::timestamptz IS NULL OR (created_at, id) < ($4, $5::uuid)) ORDER BY created_at DESC, id DESC LIMIT $6`,
      [tx.ctx.tenantId, filter.userId ?? null, filter.state ?? null, filter.before?.at ?? null, filter.before?.id ?? null, filter.count],
    );
    return rows.map(orderOf);
  }

  /**
   * Moves an order that the caller has locked, and records why.
   * @throws Error for a move that is not legal: a fault of ours
   */
  async move(tx: TenantTx, order: Order, to: OrderState, cause: OrderCause, reference: string | undefined, change: OrderChange = {}): Promise<void> {
    if (!mayMove(order.state, to)) throw new Error(`an order can't move from ${order.state} to ${to}`);
    const rows = await tx.query(
      `UPDATE orders SET state = $4, transaction_id = coalesce($5, transaction_id), payer_total_fen = coalesce($6, payer_total_fen), paid_at = coalesce($7, paid_at),
         refunded_fen = coalesce($8, refunded_fen), closed_at = CASE WHEN $4 = 'closed' THEN clock_timestamp() ELSE closed_at END,
         next_query_at = CASE WHEN $9 THEN $10::timestamptz ELSE next_query_at END, updated_at = clock_timestamp()
       WHERE tenant_id = $1 AND id = $2 AND state = $3 RETURNING id`,
      [tx.ctx.tenantId, order.id, order.state, to, change.transactionId ?? null, change.payerTotal?.toString() ?? null, change.paidAt ?? null, change.refunded?.toString() ?? null,
        change.nextQueryAt !== undefined, change.nextQueryAt ?? null],
    );
    if (rows.length !== 1) throw new Error('an order that was locked has moved');
    await this.record(tx, order.id, order.state, to, cause, reference);
  }

  /** An open order's turn to be asked about: true for the one caller who may ask now, at most every `pauseMs`. */
  async claimQuery(tx: TenantTx, id: string, pauseMs: number, nextAt: Date): Promise<boolean> {
    const rows = await tx.query(
      `UPDATE orders SET queried_at = clock_timestamp(), next_query_at = $4 WHERE tenant_id = $1 AND id = $2 AND state IN ('created', 'prepaid')
         AND (queried_at IS NULL OR queried_at < clock_timestamp() - $3 * interval '1 millisecond') RETURNING id`,
      [tx.ctx.tenantId, id, pauseMs, nextAt],
    );
    return rows.length === 1;
  }

  /** Orders of all tenants whose time to be asked about has come; each is given to one caller, who has `leaseMs` before it is given again. */
  async takeDue(tx: PlatformTx, limit: number, leaseMs: number): Promise<readonly { readonly tenantId: string; readonly id: string }[]> {
    return tx.query(
      `UPDATE orders o SET next_query_at = clock_timestamp() + $2 * interval '1 millisecond', queried_at = clock_timestamp() FROM (
         SELECT tenant_id, id FROM orders WHERE next_query_at <= clock_timestamp() ORDER BY next_query_at LIMIT $1 FOR UPDATE SKIP LOCKED) due
       WHERE o.tenant_id = due.tenant_id AND o.id = due.id RETURNING o.tenant_id AS "tenantId", o.id`,
      [limit, leaseMs],
    );
  }

  /** When to ask next; only while something is still expected. */
  async schedule(tx: TenantTx, id: string, nextAt: Date | null): Promise<void> {
    await tx.query('UPDATE orders SET next_query_at = $3, query_count = query_count + 1 WHERE tenant_id = $1 AND id = $2 AND next_query_at IS NOT NULL', [tx.ctx.tenantId, id, nextAt]);
  }

  async events(tx: TenantTx, id: string): Promise<readonly { readonly from: OrderState | null; readonly to: OrderState; readonly cause: string; readonly reference: string | null; readonly at: Date }[]> {
    return tx.query('SELECT from_state AS "from", to_state AS "to", cause, reference, at FROM order_events WHERE tenant_id = $1 AND order_id = $2 ORDER BY sequence LIMIT 200', [tx.ctx.tenantId, id]);
  }

  /** Orders paid on a Beijing day, by WeChat's time of payment; for the comparison with its bill. */
  async paidOn(tx: TenantTx, merchantId: string, day: string): Promise<readonly Order[]> {
    const rows = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM orders WHERE tenant_id = $1 AND merchant_id = $2 AND paid_at >= ($3::date::timestamp AT TIME ZONE 'Asia/Shanghai')
         AND paid_at < (($3::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')`,
      [tx.ctx.tenantId, merchantId, day],
    );
    return rows.map(orderOf);
  }

  async byOutTradeNos(tx: TenantTx, outTradeNos: readonly string[]): Promise<readonly Order[]> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM orders WHERE tenant_id = $1 AND out_trade_no = ANY ($2::text[])`, [tx.ctx.tenantId, outTradeNos])).map(orderOf);
  }

  private async record(tx: TenantTx, orderId: string, from: OrderState | null, to: OrderState, cause: OrderCause, reference?: string): Promise<void> {
    await tx.query('INSERT INTO order_events (tenant_id, id, order_id, from_state, to_state, cause, reference) VALUES ($1, $2, $3, $4, $5, $6, $7)', [tx.ctx.tenantId, newId(), orderId, from, to, cause, reference ?? null]);
  }
}

function first(rows: readonly Row[]): Order | undefined {
  return rows[0] === undefined ? undefined : orderOf(rows[0]);
}

function orderOf(row: Row): Order {
  return {
    id: row.id, userId: row.user_id, packageId: row.package_id ?? undefined, channel: row.channel, state: row.state, appId: row.app_id, merchantId: row.merchant_id,
    outTradeNo: row.out_trade_no, openid: row.openid ?? undefined, clientIp: row.client_ip ?? undefined, description: row.description, total: BigInt(row.total_fen),
    credits: BigInt(row.credits), bonusCredits: BigInt(row.bonus_credits), pricing: row.pricing, requestDigest: row.request_digest,
    transactionId: row.transaction_id ?? undefined, refunded: BigInt(row.refunded_fen), expiresAt: row.expires_at, queryCount: row.query_count,
    paidAt: row.paid_at ?? undefined, createdAt: row.created_at,
  };
}
