import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';

/** The table `payment_notices`: every verified letter, once by its own id. */
@Injectable()
export class NoticeRepository {
  /** Written in the transaction of its effects. */
  async keep(tx: TenantTx, notice: { readonly id: string; readonly eventType: string; readonly content: Readonly<Record<string, unknown>>; readonly outcome: string }): Promise<void> {
    await tx.query(
      `INSERT INTO payment_notices (tenant_id, id, event_type, content, outcome) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (tenant_id, id) DO UPDATE SET deliveries = payment_notices.deliveries + 1`,
      [tx.ctx.tenantId, notice.id.slice(0, 64), notice.eventType.slice(0, 64), JSON.stringify(notice.content), notice.outcome],
    );
  }
}
