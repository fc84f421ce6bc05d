import { Injectable } from '@nestjs/common';
import type { PlatformTx } from '../../platform/database/index.js';
import type { Merchant } from './merchant.js';

interface Row {
  readonly merchant_id: string;
  readonly merchant_serial: string;
  readonly wechat_keys: Readonly<Record<string, string>>;
  readonly preferred_serial: string;
  readonly updated_at: Date;
}

/** The table `tenant_merchants`. */
@Injectable()
export class MerchantRepository {
  async read(tx: PlatformTx, tenantId: string): Promise<Merchant | undefined> {
    const row = (await tx.query<Row>('SELECT merchant_id, merchant_serial, wechat_keys, preferred_serial, updated_at FROM tenant_merchants WHERE tenant_id = $1', [tenantId]))[0];
    return row === undefined
      ? undefined
      : { merchantId: row.merchant_id, merchantSerial: row.merchant_serial, wechatKeys: row.wechat_keys, preferredSerial: row.preferred_serial, updatedAt: row.updated_at };
  }

  async put(tx: PlatformTx, tenantId: string, merchant: Omit<Merchant, 'updatedAt'>): Promise<void> {
    await tx.query(
      `INSERT INTO tenant_merchants (tenant_id, merchant_id, merchant_serial, wechat_keys, preferred_serial) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (tenant_id) DO UPDATE SET merchant_id = excluded.merchant_id, merchant_serial = excluded.merchant_serial,
         wechat_keys = excluded.wechat_keys, preferred_serial = excluded.preferred_serial, updated_at = now()`,
      [tenantId, merchant.merchantId, merchant.merchantSerial, JSON.stringify(merchant.wechatKeys), merchant.preferredSerial],
    );
  }

  /** Tenants that can be paid; for work that goes round them all. */
  async tenantIds(tx: PlatformTx): Promise<readonly string[]> {
    return (await tx.query<{ tenant_id: string }>('SELECT tenant_id FROM tenant_merchants ORDER BY tenant_id')).map((row) => row.tenant_id);
  }
}
