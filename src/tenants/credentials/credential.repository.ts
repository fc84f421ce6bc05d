import { Injectable } from '@nestjs/common';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import { nowDate } from '../../platform/values/index.js';
import { CredentialEntity } from './credential.entity.js';
import type { CredentialField } from './credential.js';

/** The table `tenant_credentials`: sealed values only. */
@Injectable()
export class CredentialRepository {
  async read(tx: TenantTx, field: CredentialField): Promise<string | undefined> {
    const row = await tx.manager.findOneBy(CredentialEntity, { tenantId: tx.ctx.tenantId, field });
    return row?.sealed;
  }

  async put(tx: PlatformTx, tenantId: string, field: CredentialField, sealed: string): Promise<void> {
    await tx.manager.upsert(CredentialEntity, { tenantId, field, sealed, updatedAt: nowDate() }, ['tenantId', 'field']);
  }

  async remove(tx: PlatformTx, tenantId: string, field: CredentialField): Promise<void> {
    await tx.manager.delete(CredentialEntity, { tenantId, field });
  }
}
