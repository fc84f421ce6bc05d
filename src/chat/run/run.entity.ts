import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { RunState } from './run.js';

@Entity('runs')
export class RunEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'user_id' }) userId!: string;
  @Column('uuid', { name: 'conversation_id', nullable: true }) conversationId!: string | null;
  @Column('uuid', { name: 'answer_id' }) answerId!: string;
  @Column('text') model!: string;
  @Column('text') state!: RunState;
  @Column('int') generation!: number;
  @Column('text', { name: 'finish_reason', nullable: true }) finishReason!: string | null;
  @Column('text', { name: 'error_code', nullable: true }) errorCode!: string | null;
  @Column('int', { name: 'prompt_tokens', nullable: true }) promptTokens!: number | null;
  @Column('int', { name: 'completion_tokens', nullable: true }) completionTokens!: number | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'concluded_at', nullable: true }) concludedAt!: Date | null;
}
