import type { PlatformTx } from '../../platform/database/index.js';
import type { SealedColumn } from './sealed-text.js';

/** A text that an older master key holds. */
export interface StaleText {
  readonly tenantId: string;
  readonly id: string;
  readonly sealed: string;
}

/** Where each of them stands. */
const PLACES: Readonly<Record<SealedColumn, { readonly table: string; readonly column: string }>> = {
  'reviews.excerpt': { table: 'reviews', column: 'excerpt' },
  'appeals.text': { table: 'appeals', column: 'text' },
  'support_messages.text': { table: 'support_messages', column: 'text' },
};

/** Sealed texts of all tenants, for changing their seals. */
export class SealedTextRepository {
  /** In the order of tenant and row, after the last one that was read. */
  async stale(tx: PlatformTx, field: SealedColumn, currentVersion: number, after: StaleText | undefined, count: number): Promise<readonly StaleText[]> {
    const { table, column } = PLACES[field];
    const rows = await tx.query<{ tenant_id: string; id: string; sealed: string }>(
      `SELECT tenant_id, id, ${column} AS sealed FROM ${table} WHERE ${column} <> '' AND NOT starts_with(${column}, $1) AND ($2::uuid IS NULL OR (tenant_id, id) > ($2, $3::uuid)) ORDER BY tenant_id, id LIMIT $4`,
      [`v${currentVersion}.`, after?.tenantId ?? null, after?.id ?? null, count],
    );
    return rows.map((row) => ({ tenantId: row.tenant_id, id: row.id, sealed: row.sealed }));
  }

  /** False when it was changed or removed meanwhile. */
  async replace(tx: PlatformTx, field: SealedColumn, text: StaleText, fresh: string): Promise<boolean> {
    const { table, column } = PLACES[field];
    return (await tx.query(`UPDATE ${table} SET ${column} = $4 WHERE tenant_id = $1 AND id = $2 AND ${column} = $3 RETURNING id`, [text.tenantId, text.id, text.sealed, fresh])).length === 1;
  }
}
