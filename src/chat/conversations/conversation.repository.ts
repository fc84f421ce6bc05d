import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { ConversationEntity } from './conversation.entity.js';

/** A conversation of one user. */
export type Conversation = Readonly<Omit<ConversationEntity, 'tenantId'>>;

export interface ConversationChange {
  readonly title?: string;
  readonly model?: string;
  readonly systemPrompt?: string | null;
}

/** The rows of conversations; every statement names the owner. */
@Injectable()
export class ConversationRepository {
  async create(tx: TenantTx, conversation: Pick<Conversation, 'id' | 'userId' | 'title' | 'model' | 'systemPrompt'>): Promise<Conversation> {
    await tx.query('INSERT INTO conversations (tenant_id, id, user_id, title, model, system_prompt) VALUES ($1, $2, $3, $4, $5, $6)', [
      tx.ctx.tenantId, conversation.id, conversation.userId, conversation.title, conversation.model, conversation.systemPrompt,
    ]);
    return tx.manager.findOneByOrFail(ConversationEntity, { tenantId: tx.ctx.tenantId, id: conversation.id });
  }

  async find(tx: TenantTx, userId: string, id: string): Promise<Conversation | undefined> {
    return (await tx.manager.findOneBy(ConversationEntity, { tenantId: tx.ctx.tenantId, id, userId })) ?? undefined;
  }

  /** Most recently active first, from after the cursor's row on; one row more than the limit, so that the caller knows of a next page. */
  async list(tx: TenantTx, userId: string, after: { readonly activeAt: string; readonly id: string } | undefined, limit: number): Promise<readonly Conversation[]> {
    const query = tx.manager
      .createQueryBuilder(ConversationEntity, 'c')
      .where('c.tenantId = :tenantId AND c.userId = :userId', { tenantId: tx.ctx.tenantId, userId })
      .orderBy('c.activeAt', 'DESC')
      .addOrderBy('c.id', 'DESC')
      .take(limit + 1);
    if (after !== undefined) query.andWhere('(c.activeAt, c.id) < (:activeAt::timestamptz, :id::uuid)', after);
    return query.getMany();
  }

  /** A change of model or system prompt is a new revision; a new title is not. */
  async change(tx: TenantTx, userId: string, id: string, change: ConversationChange): Promise<Conversation | undefined> {
    await tx.query(
      `UPDATE conversations SET title = coalesce($4, title), model = coalesce($5, model),
         system_prompt = CASE WHEN $6 THEN $7 ELSE system_prompt END, revision = revision + 1
       WHERE tenant_id = $1 AND user_id = $2 AND id = $3`,
      [tx.ctx.tenantId, userId, id, change.title ?? null, change.model ?? null, change.systemPrompt !== undefined, change.systemPrompt ?? null],
    );
    return this.find(tx, userId, id);
  }

  /** Deletes the conversation with its messages. */
  async remove(tx: TenantTx, userId: string, id: string): Promise<boolean> {
    return (await tx.query('DELETE FROM conversations WHERE tenant_id = $1 AND user_id = $2 AND id = $3 RETURNING id', [tx.ctx.tenantId, userId, id])).length > 0;
  }

  async removeAll(tx: TenantTx, userId: string): Promise<void> {
    await tx.query('DELETE FROM conversations WHERE tenant_id = $1 AND user_id = $2', [tx.ctx.tenantId, userId]);
  }
}
