import { Injectable } from '@nestjs/common';
import { In, LessThan } from 'typeorm';
import type { TenantTx } from '../../platform/database/index.js';
import { MessageEntity } from './message.entity.js';

/** One message as its conversation keeps it. A question stands at an odd position, its answers at the next. */
export type Message = Readonly<Omit<MessageEntity, 'tenantId'>>;

/** Where a message stands. */
export interface MessageKey {
  readonly id: string;
  readonly position: number;
  /** It holds words of a model. */
  readonly generated: boolean;
}

const PAGE = 500;
const BEGINNING: Pick<MessageKey, 'position' | 'id'> = { position: -1, id: '00000000-0000-0000-0000-000000000000' };
/** Of a message as it may leave the platform. A question whose first run is still open has no answer yet, and is being judged. */
const COLUMNS = `conversation_id AS "conversationId", position, id, role, content, CASE WHEN role = 'user' AND state = 'complete' AND NOT EXISTS (SELECT 1 FROM messages a
  WHERE a.tenant_id = m.tenant_id AND a.conversation_id = m.conversation_id AND a.position = m.position + 1) THEN 'unjudged' ELSE state END AS state,
  superseded, run_id AS "runId", model, finish_reason AS "finishReason", error_code AS "errorCode", tokens, tokenizer, created_at AS "createdAt"`;

/** The rows of messages. Every read is bounded by a limit and served by the primary key. */
@Injectable()
export class MessageRepository {
  /** Messages that are shown, newest first, from below `before` on. */
  async newest(tx: TenantTx, conversationId: string, before: number | undefined, limit: number): Promise<readonly Message[]> {
    return tx.manager.find(MessageEntity, {
      where: { tenantId: tx.ctx.tenantId, conversationId, superseded: false, ...(before === undefined ? {} : { position: LessThan(before) }) },
      order: { position: 'DESC', id: 'DESC' },
      take: limit,
    });
  }

  /** Former answers at these positions, oldest first. */
  async alternatives(tx: TenantTx, conversationId: string, positions: readonly number[]): Promise<readonly Message[]> {
    if (positions.length === 0) return [];
    return tx.manager.find(MessageEntity, {
      where: { tenantId: tx.ctx.tenantId, conversationId, superseded: true, position: In([...positions]) },
      order: { position: 'ASC', id: 'ASC' },
      take: 500,
    });
  }

  async find(tx: TenantTx, id: string): Promise<Message | undefined> {
    return (await tx.manager.findOneBy(MessageEntity, { tenantId: tx.ctx.tenantId, id })) ?? undefined;
  }

  /** All messages of a conversation, oldest first, in pages, for an export. */
  async *all(tx: TenantTx, conversationId: string): AsyncGenerator<Message> {
    for (let after = BEGINNING; ; ) {
      const page = await this.page(tx, conversationId, after, PAGE);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) return;
      after = last;
    }
  }

  /** Messages as they may leave the platform, oldest first, answers that were replaced among them. */
  private async page(tx: TenantTx, conversationId: string, after: Pick<MessageKey, 'position' | 'id'>, count: number): Promise<readonly Message[]> {
    return tx.query<Message>(
      `SELECT ${COLUMNS} FROM messages m WHERE tenant_id = $1 AND conversation_id = $2 AND (position, id) > ($3, $4) ORDER BY position, id LIMIT $5`,
      [tx.ctx.tenantId, conversationId, after.position, after.id, count],
    );
  }

  /** Where the messages that are shown stand, oldest first. */
  async shownKeys(tx: TenantTx, conversationId: string, limit: number): Promise<readonly MessageKey[]> {
    return tx.query<MessageKey>(
      `SELECT id, position, role = 'assistant' AND content <> '' AND state <> 'refused' AS generated FROM messages
       WHERE tenant_id = $1 AND conversation_id = $2 AND NOT superseded ORDER BY position, id LIMIT $3`,
      [tx.ctx.tenantId, conversationId, limit],
    );
  }

  /** Those that are still there, in the order of the keys. */
  async byKeys(tx: TenantTx, conversationId: string, keys: readonly Pick<MessageKey, 'id' | 'position'>[]): Promise<readonly Message[]> {
    const rows = await tx.query<Message>(`SELECT ${COLUMNS} FROM messages m WHERE tenant_id = $1 AND conversation_id = $2 AND (position, id) IN (SELECT * FROM unnest($3::int[], $4::uuid[]))`, [
      tx.ctx.tenantId, conversationId, keys.map(({ position }) => position), keys.map(({ id }) => id),
    ]);
    return keys.flatMap((key) => rows.filter(({ id }) => id === key.id));
  }
}
