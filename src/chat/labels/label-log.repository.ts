import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import { GENERATED } from '../messages/message.repository.js';
import type { ExportFormat } from './conversation-document.js';

export const AGREEMENT_KINDS = ['label_free'] as const;
export type AgreementKind = (typeof AGREEMENT_KINDS)[number];

/** Terms that a user accepted, and when first. */
export interface Agreement {
  readonly kind: AgreementKind;
  readonly version: string;
  readonly at: Date;
}

/** Content that was given without its visible label. */
export interface LabelFreeDelivery {
  /** The `PropagateID` of the content's implicit label. */
  readonly id: string;
  readonly userId: string;
  readonly conversationId: string;
  /** Generated messages in it. */
  readonly messageCount: number;
  readonly format: ExportFormat;
  readonly agreementVersion: string;
  readonly agreedAt: Date;
  readonly requestId: string;
  readonly at: Date;
}

export interface DeliveryDraft extends Omit<LabelFreeDelivery, 'messageCount' | 'at'> {
  readonly messageIds: readonly string[];
  /** All generated messages that are shown and stand before this position were delivered, too. */
  readonly before?: number;
}

export interface DeliveryFilter {
  readonly userId?: string | undefined;
  readonly conversationId?: string | undefined;
  /** Of a generated message in it: the `ProduceID` of the implicit label. */
  readonly messageId?: string | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

const COLUMNS = `id, user_id AS "userId", conversation_id AS "conversationId", cardinality(message_ids) AS "messageCount", format,
  agreement_version AS "agreementVersion", agreed_at AS "agreedAt", request_id AS "requestId", at`;

/** The tables `user_agreements` and `label_free_deliveries`. The app adds to them, and changes nothing. */
@Injectable()
export class LabelLogRepository {
  /** Keeps the first time. */
  async accept(tx: TenantTx, userId: string, kind: AgreementKind, version: string): Promise<Agreement> {
    await tx.query('INSERT INTO user_agreements (tenant_id, user_id, kind, version) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING', [tx.ctx.tenantId, userId, kind, version]);
    const accepted = await this.accepted(tx, userId, kind, version);
    if (accepted === undefined) throw new Error('an agreement is gone that was just made');
    return accepted;
  }

  async accepted(tx: TenantTx, userId: string, kind: AgreementKind, version: string): Promise<Agreement | undefined> {
    return (await tx.query<Agreement>('SELECT kind, version, at FROM user_agreements WHERE tenant_id = $1 AND user_id = $2 AND kind = $3 AND version = $4', [tx.ctx.tenantId, userId, kind, version]))[0];
  }

  /** Newest first. */
  async agreementsOf(tx: TenantTx, userId: string): Promise<readonly Agreement[]> {
    return tx.query<Agreement>('SELECT kind, version, at FROM user_agreements WHERE tenant_id = $1 AND user_id = $2 ORDER BY at DESC LIMIT 100', [tx.ctx.tenantId, userId]);
  }

  async record(tx: TenantTx, draft: DeliveryDraft): Promise<void> {
    await tx.query(
      `INSERT INTO label_free_deliveries (tenant_id, id, user_id, conversation_id, message_ids, format, agreement_version, agreed_at, request_id)
       VALUES ($1, $2, $3, $4, ARRAY(SELECT id FROM messages WHERE tenant_id = $1 AND conversation_id = $4 AND position < $10 AND NOT superseded AND ${GENERATED} ORDER BY position, id) || $5::uuid[],
         $6, $7, $8, $9)`,
      [tx.ctx.tenantId, draft.id, draft.userId, draft.conversationId, draft.messageIds, draft.format, draft.agreementVersion, draft.agreedAt, draft.requestId, draft.before ?? 0],
    );
  }

  /** Newest first, after the row `before`. */
  async search(tx: TenantTx, { userId, conversationId, messageId, from, to }: DeliveryFilter, before: string | undefined, count: number): Promise<readonly LabelFreeDelivery[]> {
    return tx.query<LabelFreeDelivery>(
      `SELECT ${COLUMNS} FROM label_free_deliveries WHERE tenant_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND ($3::uuid IS NULL OR conversation_id = $3)
         AND ($4::uuid[] IS NULL OR message_ids @> $4) AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6) AND ($7::uuid IS NULL OR id < $7)
       ORDER BY id DESC LIMIT $8`,
      [tx.ctx.tenantId, userId ?? null, conversationId ?? null, messageId === undefined ? null : [messageId], from ?? null, to ?? null, before ?? null, count],
    );
  }

  async find(tx: TenantTx, id: string): Promise<(LabelFreeDelivery & { readonly messageIds: readonly string[] }) | undefined> {
    return (await tx.query<LabelFreeDelivery & { messageIds: string[] }>(`SELECT ${COLUMNS}, message_ids AS "messageIds" FROM label_free_deliveries WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id]))[0];
  }

  /** Removes what is older than `days`; the table lets nothing younger than 183 days go. @returns how many rows */
  async removeOlder(tx: PlatformTx, days: number, batch: number): Promise<number> {
    const rows = await tx.query(
      `DELETE FROM label_free_deliveries d USING (SELECT tenant_id, id FROM label_free_deliveries WHERE at < clock_timestamp() - $1 * interval '1 day' ORDER BY at LIMIT $2) old
       WHERE d.tenant_id = old.tenant_id AND d.id = old.id RETURNING d.id`,
      [days, batch],
    );
    return rows.length;
  }
}
