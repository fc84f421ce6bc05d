import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import type { SupportChannel, Ticket, TicketState } from './ticket.js';

interface Row {
  readonly id: string;
  readonly openid: string;
  readonly user_id: string | null;
  readonly run_id: string | null;
  readonly channel: SupportChannel;
  readonly state: TicketState;
  readonly created_at: Date;
  readonly asked_at: Date;
  readonly closed_at: Date | null;
}

export interface TicketFilter {
  readonly state?: TicketState | undefined;
  readonly userId?: string | undefined;
}

const COLUMNS = 'id, openid, user_id, run_id, channel, state, created_at, asked_at, closed_at';

/** The table `support_tickets`. */
@Injectable()
export class TicketRepository {
  /** The person's ticket that is not closed, made under `id` where there is none; it waits for an answer again. Nobody else changes it until the transaction ends. */
  async ask(tx: TenantTx, id: string, asking: Pick<Ticket, 'openid' | 'userId' | 'runId' | 'channel'>): Promise<Ticket> {
    const rows = await tx.query<Row>(
      `INSERT INTO support_tickets AS t (tenant_id, id, openid, user_id, run_id, channel) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (tenant_id, openid) WHERE state <> 'closed' DO UPDATE SET state = 'open', channel = excluded.channel, asked_at = clock_timestamp(),
         user_id = coalesce(excluded.user_id, t.user_id), run_id = coalesce(excluded.run_id, t.run_id)
       RETURNING ${COLUMNS}`,
      [tx.ctx.tenantId, id, asking.openid, asking.userId ?? null, asking.runId ?? null, asking.channel],
    );
    const [row] = rows;
    if (row === undefined) throw new Error('a ticket that was just written is not there');
    return ticketOf(row);
  }

  async find(tx: TenantTx, id: string): Promise<Ticket | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM support_tickets WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id])).map(ticketOf)[0];
  }

  async lock(tx: TenantTx, id: string): Promise<Ticket | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM support_tickets WHERE tenant_id = $1 AND id = $2 FOR NO KEY UPDATE`, [tx.ctx.tenantId, id])).map(ticketOf)[0];
  }

  /** Newest first, before the row `before`. */
  async list(tx: TenantTx, filter: TicketFilter, before: string | undefined, count: number): Promise<readonly Ticket[]> {
    const rows = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM support_tickets WHERE tenant_id = $1 AND ($2::text IS NULL OR state = $2) AND ($3::uuid IS NULL OR user_id = $3) AND ($4::uuid IS NULL OR id < $4) ORDER BY id DESC LIMIT $5`,
      [tx.ctx.tenantId, filter.state ?? null, filter.userId ?? null, before ?? null, count],
    );
    return rows.map(ticketOf);
  }

  /** Of one that is not closed. */
  async setState(tx: TenantTx, id: string, state: Exclude<TicketState, 'closed'>): Promise<void> {
    await tx.query(`UPDATE support_tickets SET state = $3 WHERE tenant_id = $1 AND id = $2 AND state <> 'closed'`, [tx.ctx.tenantId, id, state]);
  }

  /** False when it is closed already. */
  async close(tx: TenantTx, id: string, staffId: string | undefined): Promise<boolean> {
    const rows = await tx.query(`UPDATE support_tickets SET state = 'closed', closed_at = clock_timestamp(), closed_by = $3 WHERE tenant_id = $1 AND id = $2 AND state <> 'closed' RETURNING id`, [tx.ctx.tenantId, id, staffId ?? null]);
    return rows.length === 1;
  }
}

function ticketOf(row: Row): Ticket {
  return {
    id: row.id, openid: row.openid, userId: row.user_id ?? undefined, runId: row.run_id ?? undefined, channel: row.channel, state: row.state,
    createdAt: row.created_at, askedAt: row.asked_at, closedAt: row.closed_at ?? undefined,
  };
}
