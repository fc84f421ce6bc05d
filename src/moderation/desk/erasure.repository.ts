import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';

/** What people's work keeps of a person's words, over all of its tables. Decisions and their record stay, under the pseudonym. */
@Injectable()
export class ErasureRepository {
  async eraseWords(tx: TenantTx, userId: string): Promise<void> {
    const parameters = [tx.ctx.tenantId, userId];
    // Tickets before windows, like a reply: nobody waits in a ring.
    await tx.query('SELECT FROM support_tickets WHERE tenant_id = $1 AND user_id = $2 FOR UPDATE', parameters);
    await tx.query('DELETE FROM support_messages WHERE tenant_id = $1 AND ticket_id IN (SELECT id FROM support_tickets WHERE tenant_id = $1 AND user_id = $2)', parameters);
    await tx.query('DELETE FROM support_windows WHERE tenant_id = $1 AND openid IN (SELECT openid FROM support_tickets WHERE tenant_id = $1 AND user_id = $2)', parameters);
    await tx.query(
      `UPDATE support_tickets SET openid = 'erased:' || id, state = 'closed', closed_at = coalesce(closed_at, clock_timestamp()) WHERE tenant_id = $1 AND user_id = $2`,
      parameters,
    );
    await tx.query(`UPDATE appeals SET text = '' WHERE tenant_id = $1 AND user_id = $2`, parameters);
    await tx.query('UPDATE reviews SET excerpt = NULL WHERE tenant_id = $1 AND user_id = $2', parameters);
    await tx.query('DELETE FROM notices WHERE tenant_id = $1 AND user_id = $2', parameters);
  }
}
