import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Standing } from './user.js';

@Entity('users')
export class UserEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') openid!: string;
  @Column('text', { nullable: true }) unionid!: string | null;
  @Column('text', { nullable: true }) nickname!: string | null;
  @Column('text') standing!: Standing;
  @Column('text', { name: 'standing_reason', nullable: true }) standingReason!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'last_login_at' }) lastLoginAt!: Date;
  @Column('timestamptz', { name: 'deleted_at', nullable: true }) deletedAt!: Date | null;
}
