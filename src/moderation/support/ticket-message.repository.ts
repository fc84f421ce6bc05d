import { Injectable } from '@nestjs/common';
import { Sealer } from '../../platform/crypto/index.js';
import type { TenantTx } from '../../platform/database/index.js';
import { newId, now } from '../../platform/values/index.js';
import { openedText, textPlace } from '../desk/sealed-text.js';
import { deliveryNow, type Delivery, type SupportChannel, type TicketMessage } from './ticket.js';

interface Row {
  readonly id: string;
  readonly author: 'user' | 'staff';
  readonly staff_id: string | null;
  readonly kind: TicketMessage['kind'];
  readonly text: string;
  readonly via: SupportChannel;
  readonly delivery: Delivery;
  readonly created_at: Date;
}

export interface MessageDraft {
  readonly author: 'user' | 'staff';
  readonly staffId?: string | undefined;
  readonly kind: TicketMessage['kind'];
  readonly text: string;
  readonly via: SupportChannel;
  readonly delivery: Delivery;
  /** The client's key: the same one is the same message. */
  readonly requestKey?: string | undefined;
}

const COLUMNS = 'id, author, staff_id, kind, text, via, delivery, created_at';
/** Most that a ticket keeps; the oldest go. */
const MOST = 500;

/** The table `support_messages`. */
@Injectable()
export class TicketMessageRepository {
  constructor(private readonly sealer: Sealer) {}

  /** @returns its id */
  async add(tx: TenantTx, ticketId: string, draft: MessageDraft): Promise<string> {
    const { tenantId } = tx.ctx;
    const id = newId();
    await tx.query('INSERT INTO support_messages (tenant_id, ticket_id, id, author, staff_id, kind, text, via, delivery, request_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
      tenantId, ticketId, id, draft.author, draft.staffId ?? null, draft.kind, this.sealer.seal(draft.text, textPlace(tenantId, id, 'support_messages.text')), draft.via, draft.delivery, draft.requestKey ?? null,
    ]);
    await tx.query('DELETE FROM support_messages WHERE tenant_id = $1 AND ticket_id = $2 AND id <= (SELECT id FROM support_messages WHERE tenant_id = $1 AND ticket_id = $2 ORDER BY id DESC OFFSET $3 LIMIT 1)', [tenantId, ticketId, MOST]);
    return id;
  }

  async find(tx: TenantTx, ticketId: string, id: string): Promise<TicketMessage | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM support_messages WHERE tenant_id = $1 AND ticket_id = $2 AND id = $3`, [tx.ctx.tenantId, ticketId, id])).map((row) => this.messageOf(tx, row))[0];
  }

  async ofRequest(tx: TenantTx, ticketId: string, key: string): Promise<TicketMessage | undefined> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM support_messages WHERE tenant_id = $1 AND ticket_id = $2 AND request_key = $3`, [tx.ctx.tenantId, ticketId, key])).map((row) => this.messageOf(tx, row))[0];
  }

  /** The newest ones, oldest of them first. */
  async newest(tx: TenantTx, ticketId: string, count: number): Promise<readonly TicketMessage[]> {
    const rows = await tx.query<Row>(`SELECT ${COLUMNS} FROM support_messages WHERE tenant_id = $1 AND ticket_id = $2 ORDER BY id DESC LIMIT $3`, [tx.ctx.tenantId, ticketId, count]);
    return rows.map((row) => this.messageOf(tx, row)).reverse();
  }

  /** What became of one that was being sent. */
  async conclude(tx: TenantTx, ticketId: string, id: string, delivery: Exclude<Delivery, 'sending' | 'kept'>): Promise<void> {
    await tx.query(`UPDATE support_messages SET delivery = $4 WHERE tenant_id = $1 AND ticket_id = $2 AND id = $3 AND delivery = 'sending'`, [tx.ctx.tenantId, ticketId, id, delivery]);
  }

  private messageOf(tx: TenantTx, row: Row): TicketMessage {
    return {
      id: row.id, author: row.author, staffId: row.staff_id ?? undefined, kind: row.kind, text: openedText(this.sealer, row.text, textPlace(tx.ctx.tenantId, row.id, 'support_messages.text')),
      via: row.via, delivery: deliveryNow(row.delivery, row.created_at, now()), createdAt: row.created_at,
    };
  }
}
