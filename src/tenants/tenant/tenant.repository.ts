import { Injectable } from '@nestjs/common';
import type { PlatformTx } from '../../platform/database/index.js';
import { nowDate } from '../../platform/values/index.js';
import { effectiveSettings, type StoredSettings } from '../settings/settings.js';
import { TenantDomainEntity, TenantEntity } from './tenant.entity.js';
import type { Tenant, TenantName, TenantState } from './tenant.js';

interface TenantRow {
  readonly tenant_id: string;
  readonly slug: string;
  readonly display_name: string;
  readonly app_id: string | null;
  readonly state: TenantState;
  readonly settings: StoredSettings;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly domains: readonly string[];
  readonly credentials: readonly string[];
}

const SELECT = `
  SELECT t.tenant_id, t.slug, t.display_name, t.app_id, t.state, t.settings, t.created_at, t.updated_at,
    ARRAY(SELECT d.domain FROM tenant_domains d WHERE d.tenant_id = t.tenant_id ORDER BY d.domain) AS domains,
    ARRAY(SELECT c.field FROM tenant_credentials c WHERE c.tenant_id = t.tenant_id) AS credentials
  FROM tenants t`;

/** Columns that a change of a tenant may set. */
export type TenantColumns = Partial<Pick<TenantEntity, 'slug' | 'displayName' | 'appId' | 'state' | 'settings'>>;

/** The tables `tenants` and `tenant_domains`. */
@Injectable()
export class TenantRepository {
  async byId(tx: PlatformTx, id: string): Promise<Tenant | undefined> {
    return first(await tx.query<TenantRow>(`${SELECT} WHERE t.tenant_id = $1`, [id]));
  }

  /** Everybody who has one of these names, in any order. */
  async byNames(tx: PlatformTx, names: readonly TenantName[]): Promise<readonly Tenant[]> {
    const valuesOf = (kind: TenantName['kind']): readonly string[] => names.filter((name) => name.kind === kind).map((name) => name.value);
    const rows = await tx.query<TenantRow>(
      `${SELECT} WHERE t.tenant_id IN (
        SELECT tenant_id FROM tenants WHERE slug = ANY($1::text[])
        UNION ALL SELECT tenant_id FROM tenant_domains WHERE domain = ANY($2::text[])
        UNION ALL SELECT tenant_id FROM tenants WHERE app_id = ANY($3::text[]))`,
      [valuesOf('slug'), valuesOf('host'), valuesOf('appId')],
    );
    return rows.map(tenantOf);
  }

  /** Newest first, after the row `before`. */
  async list(tx: PlatformTx, filter: { readonly slug: string | undefined; readonly before: string | undefined; readonly count: number }): Promise<readonly Tenant[]> {
    const rows = await tx.query<TenantRow>(
      `${SELECT} WHERE ($1::text IS NULL OR t.slug = $1) AND ($2::uuid IS NULL OR t.tenant_id < $2) ORDER BY t.tenant_id DESC LIMIT $3`,
      [filter.slug ?? null, filter.before ?? null, filter.count],
    );
    return rows.map(tenantOf);
  }

  async suspendedIds(tx: PlatformTx): Promise<readonly string[]> {
    return (await tx.query<{ tenant_id: string }>(`SELECT tenant_id FROM tenants WHERE state = 'suspended'`)).map((row) => row.tenant_id);
  }

  async withOwnChannelsOnly(tx: PlatformTx): Promise<readonly string[]> {
    return (await tx.query<{ tenant_id: string }>(`SELECT tenant_id FROM tenants WHERE settings @> '{"own_channels_only": true}' ORDER BY tenant_id`)).map((row) => row.tenant_id);
  }

  async insert(tx: PlatformTx, tenant: Pick<TenantEntity, 'id' | 'slug' | 'displayName' | 'appId' | 'settings'>): Promise<void> {
    await tx.manager.insert(TenantEntity, { ...tenant, state: 'active' });
  }

  /** The settings as stored, the row locked until the end of the transaction; undefined when there is none. */
  async lockSettings(tx: PlatformTx, id: string): Promise<StoredSettings | undefined> {
    return (await tx.query<{ settings: StoredSettings }>('SELECT settings FROM tenants WHERE tenant_id = $1 FOR UPDATE', [id]))[0]?.settings;
  }

  async update(tx: PlatformTx, id: string, columns: TenantColumns): Promise<void> {
    await tx.manager.update(TenantEntity, { id }, { ...columns, updatedAt: nowDate() });
  }

  /** The tenant's domains become exactly these. */
  async replaceDomains(tx: PlatformTx, tenantId: string, domains: readonly string[]): Promise<void> {
    await tx.manager.delete(TenantDomainEntity, { tenantId });
    if (domains.length > 0) await tx.manager.insert(TenantDomainEntity, domains.map((domain) => ({ tenantId, domain })));
  }
}

function first(rows: readonly TenantRow[]): Tenant | undefined {
  return rows[0] === undefined ? undefined : tenantOf(rows[0]);
}

function tenantOf(row: TenantRow): Tenant {
  return Object.freeze({
    id: row.tenant_id,
    slug: row.slug,
    displayName: row.display_name,
    appId: row.app_id ?? undefined,
    hasAppSecret: row.credentials.includes('app_secret'),
    hasPushToken: row.credentials.includes('push_token'),
    hasPushAesKey: row.credentials.includes('push_aes_key'),
    state: row.state,
    domains: Object.freeze([...row.domains]),
    settings: effectiveSettings(row.settings),
    createdAt: row.created_at.getTime(),
    updatedAt: row.updated_at.getTime(),
  });
}
