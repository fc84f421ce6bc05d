import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('conversations')
export class ConversationEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'user_id' }) userId!: string;
  @Column('text', { nullable: true }) title!: string | null;
  @Column('text') model!: string;
  @Column('text', { name: 'system_prompt', nullable: true }) systemPrompt!: string | null;
  @Column('int', { default: 1 }) revision!: number;
  @Column('int', { name: 'next_position', default: 1 }) nextPosition!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'active_at' }) activeAt!: Date;
}
