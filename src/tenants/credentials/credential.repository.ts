import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import { In } from 'typeorm';
import { nowDate } from '../../platform/values/index.js';
import { CredentialEntity } from './credential.entity.js';
import type { CredentialField } from './credential.js';
import type { SealedRow } from './reseal.js';

/** The table `tenant_credentials`: sealed values only. */
@Injectable()
export class CredentialRepository {
  async read(tx: TenantTx, field: CredentialField): Promise<string | undefined> {
    const row = await tx.manager.findOneBy(CredentialEntity, { tenantId: tx.ctx.tenantId, field });
    return row?.sealed;
  }

  /** Those of the fields that are set. */
  async readSome(tx: TenantTx, fields: readonly CredentialField[]): Promise<readonly { readonly field: CredentialField; readonly sealed: string }[]> {
    return tx.manager.findBy(CredentialEntity, { tenantId: tx.ctx.tenantId, field: In([...fields]) });
  }

  async put(tx: PlatformTx, tenantId: string, field: CredentialField, sealed: string): Promise<void> {
    await tx.manager.upsert(CredentialEntity, { tenantId, field, sealed, updatedAt: nowDate() }, ['tenantId', 'field']);
  }

  /** All, of every tenant. */
  async all(tx: PlatformTx): Promise<readonly SealedRow[]> {
    return tx.query<SealedRow>('SELECT tenant_id AS "tenantId", field, sealed FROM tenant_credentials ORDER BY tenant_id, field');
  }

  /** Another seal of the same secret; false when the secret was replaced or removed meanwhile. */
  async replace(tx: PlatformTx, row: SealedRow, sealed: string): Promise<boolean> {
    return (await tx.query('UPDATE tenant_credentials SET sealed = $4 WHERE tenant_id = $1 AND field = $2 AND sealed = $3 RETURNING field', [row.tenantId, row.field, row.sealed, sealed])).length === 1;
  }

  async remove(tx: PlatformTx, tenantId: string, field: CredentialField): Promise<void> {
    await tx.manager.delete(CredentialEntity, { tenantId, field });
  }
}
