import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { CredentialField } from './credential.js';

@Entity('tenant_credentials')
export class CredentialEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('text') field!: CredentialField;
  /** `Sealer`'s text form. */
  @Column('text') sealed!: string;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
