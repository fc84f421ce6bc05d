import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';

/** How long a letter is known again. WeChat repeats one within minutes, and its signature is good for as long. */
const KEPT_DAYS = 3;
/** Old ones that a new one takes along. */
const SWEPT = 20;

/** The table `wechat_letters`: which of WeChat's letters were taken. */
@Injectable()
export class LetterLogRepository {
  /** False when the letter of this key was taken before. One that comes twice at once waits for the end of the first. */
  async take(tx: TenantTx, key: string): Promise<boolean> {
    const { tenantId } = tx.ctx;
    const rows = await tx.query('INSERT INTO wechat_letters (tenant_id, key) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING key', [tenantId, key]);
    if (rows.length === 0) return false;
    await tx.query(
      `DELETE FROM wechat_letters WHERE tenant_id = $1 AND key IN
         (SELECT key FROM wechat_letters WHERE tenant_id = $1 AND taken_at < clock_timestamp() - $2 * interval '1 day' ORDER BY taken_at LIMIT $3 FOR UPDATE SKIP LOCKED)`,
      [tenantId, KEPT_DAYS, SWEPT],
    );
    return true;
  }
}
