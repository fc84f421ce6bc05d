import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';
import type { PlatformTx, TenantTx } from '../../platform/database/index.js';
import { ApiKeyEntity } from './api-key.entity.js';
import type { ApiKey, KeyOwner } from './api-key.js';

/** The table `api_keys`. */
@Injectable()
export class ApiKeyRepository {
  /** Whose key this is, revoked or not: whether it is good is a question of standing. No tenant is known yet. */
  async ownerOf(tx: PlatformTx, hash: string): Promise<KeyOwner | undefined> {
    const row = (await tx.query<{ tenant_id: string; user_id: string; id: string }>('SELECT tenant_id, user_id, id FROM api_keys WHERE key_hash = $1', [hash]))[0];
    return row === undefined ? undefined : { tenantId: row.tenant_id, userId: row.user_id, keyId: row.id };
  }

  /** Newest first; bounded by how many a user may have. */
  async activeOf(tx: TenantTx, userId: string): Promise<readonly ApiKey[]> {
    return (await tx.manager.find(ApiKeyEntity, { where: { tenantId: tx.ctx.tenantId, userId, revokedAt: IsNull() }, order: { id: 'DESC' }, take: 100 })).map(apiKeyOf);
  }

  async insert(tx: TenantTx, key: { readonly id: string; readonly userId: string; readonly name: string; readonly prefix: string; readonly keyHash: string }): Promise<void> {
    await tx.manager.insert(ApiKeyEntity, { tenantId: tx.ctx.tenantId, ...key });
  }

  async byId(tx: TenantTx, id: string): Promise<ApiKey | undefined> {
    const row = await tx.manager.findOneBy(ApiKeyEntity, { tenantId: tx.ctx.tenantId, id });
    return row === null ? undefined : apiKeyOf(row);
  }

  /** False when the user has no such key that is active. */
  async revoke(tx: TenantTx, userId: string, id: string): Promise<boolean> {
    const rows = await tx.query('UPDATE api_keys SET revoked_at = now() WHERE tenant_id = $1 AND user_id = $2 AND id = $3 AND revoked_at IS NULL RETURNING id', [tx.ctx.tenantId, userId, id]);
    return rows.length === 1;
  }

  /** Forgets keys that were revoked a month ago or longer. */
  async removeLongRevoked(tx: TenantTx, userId: string): Promise<void> {
    await tx.query(`DELETE FROM api_keys WHERE tenant_id = $1 AND user_id = $2 AND revoked_at < now() - interval '30 days'`, [tx.ctx.tenantId, userId]);
  }

  async removeAllOf(tx: TenantTx, userId: string): Promise<void> {
    await tx.manager.delete(ApiKeyEntity, { tenantId: tx.ctx.tenantId, userId });
  }

  /** Writes the time of use of keys whose last one is a minute old, whatever node saw them. */
  async touch(tx: TenantTx, ids: readonly string[]): Promise<void> {
    await tx.query(`UPDATE api_keys SET last_used_at = now() WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND coalesce(last_used_at < now() - interval '55 seconds', true)`, [tx.ctx.tenantId, ids]);
  }
}

function apiKeyOf(row: ApiKeyEntity): ApiKey {
  return { id: row.id, name: row.name, prefix: row.prefix, createdAt: row.createdAt.getTime(), lastUsedAt: row.lastUsedAt?.getTime() };
}
