import { Injectable } from '@nestjs/common';
import { In, LessThan } from 'typeorm';
import type { TenantTx } from '../../platform/database/index.js';
import { MessageEntity } from './message.entity.js';

/** One message as its conversation keeps it. A question stands at an odd position, its answers at the next. */
export type Message = Readonly<Omit<MessageEntity, 'tenantId'>>;

/** Where a message stands. */
export interface MessagePlace {
  readonly id: string;
  readonly position: number;
}

export interface MessageKey extends MessagePlace {
  /** It holds words of a model. */
  readonly generated: boolean;
}

/** What of a conversation is read in pages. */
export interface PartOfConversation {
  /** The position that ends it, which is no part of it. */
  readonly before: number;
  /** Answers that were replaced are among them. */
  readonly replaced: boolean;
}

/** Before all messages, and after them. */
export const BEGINNING: MessagePlace = { position: -1, id: '00000000-0000-0000-0000-000000000000' };
export const END = 2 ** 31 - 1;

/** Whether there are words of a model in a message that may be handed out. */
export const GENERATED = `role = 'assistant' AND content <> '' AND state <> 'refused'`;
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

  /** Messages as they may leave the platform, oldest first, after one. */
  async page(tx: TenantTx, conversationId: string, part: PartOfConversation, after: MessagePlace, count: number): Promise<readonly Message[]> {
    return tx.query<Message>(
      `SELECT ${COLUMNS} FROM messages m WHERE tenant_id = $1 AND conversation_id = $2 AND (position, id) > ($3, $4) AND position < $5 AND ($6 OR NOT superseded) ORDER BY position, id LIMIT $7`,
      [tx.ctx.tenantId, conversationId, after.position, after.id, part.before, part.replaced, count],
    );
  }

  /** Where those messages that are shown stand which hold words of a model, oldest first, after one. */
  async generated(tx: TenantTx, conversationId: string, before: number, after: MessagePlace, count: number): Promise<readonly MessagePlace[]> {
    return tx.query<MessagePlace>(
      `SELECT position, id FROM messages WHERE tenant_id = $1 AND conversation_id = $2 AND (position, id) > ($3, $4) AND position < $5 AND NOT superseded AND ${GENERATED} ORDER BY position, id LIMIT $6`,
      [tx.ctx.tenantId, conversationId, after.position, after.id, before, count],
    );
  }

  /** Where the newest messages that are shown stand, oldest first: at most two. An answer that may still be replaced is among them. */
  async newestKeys(tx: TenantTx, conversationId: string): Promise<readonly MessageKey[]> {
    const rows = await tx.query<MessageKey>(
      `SELECT id, position, ${GENERATED} AS generated FROM messages WHERE tenant_id = $1 AND conversation_id = $2 AND NOT superseded ORDER BY position DESC, id DESC LIMIT 2`,
      [tx.ctx.tenantId, conversationId],
    );
    return [...rows].reverse();
  }

  /** Those that are still there, in the order of the keys. */
  async byKeys(tx: TenantTx, conversationId: string, keys: readonly MessagePlace[]): Promise<readonly Message[]> {
    const rows = await tx.query<Message>(`SELECT ${COLUMNS} FROM messages m WHERE tenant_id = $1 AND conversation_id = $2 AND (position, id) IN (SELECT * FROM unnest($3::int[], $4::uuid[]))`, [
      tx.ctx.tenantId, conversationId, keys.map(({ position }) => position), keys.map(({ id }) => id),
    ]);
    return keys.flatMap((key) => rows.filter(({ id }) => id === key.id));
  }
}
