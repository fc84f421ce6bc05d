import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import type { PayChannel } from '../../wechat/index.js';
import type { Package, PackageDraft } from './package.js';

interface Row {
  readonly id: string;
  readonly name: string;
  readonly price_fen: string;
  readonly credits: string;
  readonly bonus_credits: string;
  readonly per_user_limit: number | null;
  readonly channels: readonly PayChannel[];
  readonly active: boolean;
  readonly position: number;
}

const COLUMNS = 'id, name, price_fen, credits, bonus_credits, per_user_limit, channels, active, position';

/** The table `packages`. What was sold is frozen in the order, so a package may change. */
@Injectable()
export class PackageRepository {
  async all(tx: TenantTx, onlyActive: boolean, limit: number): Promise<readonly Package[]> {
    const rows = await tx.query<Row>(`SELECT ${COLUMNS} FROM packages WHERE tenant_id = $1 AND (active OR NOT $2) ORDER BY position, price_fen, id LIMIT $3`, [tx.ctx.tenantId, onlyActive, limit]);
    return rows.map(packageOf);
  }

  async byId(tx: TenantTx, id: string): Promise<Package | undefined> {
    const row = (await tx.query<Row>(`SELECT ${COLUMNS} FROM packages WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id]))[0];
    return row === undefined ? undefined : packageOf(row);
  }

  async count(tx: TenantTx): Promise<number> {
    return (await tx.query<{ count: number }>('SELECT count(*)::int AS count FROM packages WHERE tenant_id = $1', [tx.ctx.tenantId]))[0]?.count ?? 0;
  }

  async put(tx: TenantTx, id: string, draft: PackageDraft): Promise<void> {
    await tx.query(
      `INSERT INTO packages (tenant_id, id, name, price_fen, credits, bonus_credits, per_user_limit, channels, active, position) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, price_fen = excluded.price_fen, credits = excluded.credits, bonus_credits = excluded.bonus_credits,
         per_user_limit = excluded.per_user_limit, channels = excluded.channels, active = excluded.active, position = excluded.position, updated_at = now()`,
      [tx.ctx.tenantId, id, draft.name, draft.price.toString(), draft.credits.toString(), draft.bonusCredits.toString(), draft.perUserLimit ?? null, draft.channels, draft.active, draft.position],
    );
  }
}

function packageOf(row: Row): Package {
  return {
    id: row.id, name: row.name, price: BigInt(row.price_fen), credits: BigInt(row.credits), bonusCredits: BigInt(row.bonus_credits),
    perUserLimit: row.per_user_limit ?? undefined, channels: row.channels, active: row.active, position: row.position,
  };
}
