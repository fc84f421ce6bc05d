import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import type { PriceList } from './price-list.js';

interface Row {
  readonly id: string;
  readonly model: string;
  readonly input_rate: string;
  readonly cached_input_rate: string;
  readonly output_rate: string;
  readonly reasoning_rate: string;
  readonly minimum_charge: string;
  readonly valid_from: Date;
  readonly created_at: Date;
  readonly created_by: string | null;
}

const COLUMNS = 'id, model, input_rate, cached_input_rate, output_rate, reasoning_rate, minimum_charge, valid_from, created_at, created_by';

/** The table `price_lists`: only ever added to. */
@Injectable()
export class PriceRepository {
  /** What can be in force now or later: the newest begun list of each model, and all that begin later. */
  async current(tx: TenantTx): Promise<readonly PriceList[]> {
    const rows = await tx.query<Row>(
      `SELECT ${COLUMNS} FROM (SELECT *, row_number() OVER (PARTITION BY model, valid_from <= now() ORDER BY valid_from DESC) AS rank FROM price_lists WHERE tenant_id = $1) l
       WHERE valid_from > now() OR rank = 1 ORDER BY valid_from`,
      [tx.ctx.tenantId],
    );
    return rows.map(listOf);
  }

  async all(tx: TenantTx, limit: number): Promise<readonly PriceList[]> {
    return (await tx.query<Row>(`SELECT ${COLUMNS} FROM price_lists WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`, [tx.ctx.tenantId, limit])).map(listOf);
  }

  async byId(tx: TenantTx, id: string): Promise<PriceList | undefined> {
    const row = (await tx.query<Row>(`SELECT ${COLUMNS} FROM price_lists WHERE tenant_id = $1 AND id = $2`, [tx.ctx.tenantId, id]))[0];
    return row === undefined ? undefined : listOf(row);
  }

  /** False when there is a list for this model and moment already. */
  async insert(tx: TenantTx, list: Omit<PriceList, 'createdAt'>): Promise<boolean> {
    const rows = await tx.query(
      `INSERT INTO price_lists (tenant_id, id, model, input_rate, cached_input_rate, output_rate, reasoning_rate, minimum_charge, valid_from, created_by)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id`,
      [tx.ctx.tenantId, list.id, list.model, list.inputRate.toString(), list.cachedInputRate.toString(), list.outputRate.toString(), list.reasoningRate.toString(),
        list.minimumCharge.toString(), list.validFrom, list.createdBy ?? null],
    );
    return rows.length === 1;
  }
}

function listOf(row: Row): PriceList {
  return {
    id: row.id,
    model: row.model,
    inputRate: BigInt(row.input_rate),
    cachedInputRate: BigInt(row.cached_input_rate),
    outputRate: BigInt(row.output_rate),
    reasoningRate: BigInt(row.reasoning_rate),
    minimumCharge: BigInt(row.minimum_charge),
    validFrom: row.valid_from,
    createdAt: row.created_at,
    createdBy: row.created_by ?? undefined,
  };
}
