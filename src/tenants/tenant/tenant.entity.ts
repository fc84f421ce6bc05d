import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StoredSettings } from '../settings/settings.js';
import type { TenantState } from './tenant.js';

@Entity('tenants')
export class TenantEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) id!: string;
  @Column('text') slug!: string;
  @Column('text', { name: 'display_name' }) displayName!: string;
  @Column('text', { name: 'app_id', nullable: true }) appId!: string | null;
  @Column('text') state!: TenantState;
  @Column('jsonb') settings!: StoredSettings;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}

@Entity('tenant_domains')
export class TenantDomainEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('text') domain!: string;
}
