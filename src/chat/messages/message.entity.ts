import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('messages')
export class MessageEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('uuid', { name: 'conversation_id' }) conversationId!: string;
  @PrimaryColumn('int') position!: number;
  @PrimaryColumn('uuid') id!: string;
  @Column('text') role!: 'user' | 'assistant';
  @Column('text') content!: string;
  @Column('text') state!: 'complete' | 'stopped' | 'failed' | 'refused' | 'recalled' | 'unjudged';
  @Column('boolean') superseded!: boolean;
  @Column('uuid', { name: 'run_id', nullable: true }) runId!: string | null;
  @Column('text', { nullable: true }) model!: string | null;
  @Column('text', { name: 'finish_reason', nullable: true }) finishReason!: string | null;
  @Column('text', { name: 'error_code', nullable: true }) errorCode!: string | null;
  @Column('int') tokens!: number;
  @Column('text') tokenizer!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
