import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { StaffRole } from './staff.js';

@Entity('staff')
export class StaffEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') email!: string;
  /** argon2id, PHC string. */
  @Column('text', { name: 'password_hash' }) passwordHash!: string;
  @Column('text') role!: StaffRole;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'last_login_at', nullable: true }) lastLoginAt!: Date | null;
  @Column('timestamptz', { name: 'disabled_at', nullable: true }) disabledAt!: Date | null;
}
