import { Injectable } from '@nestjs/common';
import type { TenantTx } from '../../platform/database/index.js';
import { MessageRepository, type Message } from '../messages/message.repository.js';
import { titleOf } from '../titles/title.js';

/** An exchange as its conversation keeps it. */
export interface Exchange {
  readonly question: Message | undefined;
  readonly answer: Message;
}

/** What a person took out of a conversation, in the rows. Rows are locked as concluding a run does: run, conversation, messages. Every step twice is the same as once. */
@Injectable()
export class WithdrawRepository {
  constructor(private readonly messages: MessageRepository) {}

  /** Undefined outside of conversations, and where the user has deleted it. */
  async exchange(tx: TenantTx, answerId: string): Promise<Exchange | undefined> {
    const answer = await this.messages.find(tx, answerId);
    if (answer?.role !== 'assistant') return undefined;
    const [before] = await this.messages.newest(tx, answer.conversationId, answer.position, 1);
    return { answer, question: before?.position === answer.position - 1 ? before : undefined };
  }

  /** The answer is `replace`, as one that the gate broke off, and no title is made of it. */
  async withdrawAnswer(tx: TenantTx, runId: string, { question, answer }: Exchange, replace: string): Promise<void> {
    const asked = question?.content ?? '';
    await tx.query(`UPDATE runs SET finish_reason = 'content_filter' WHERE tenant_id = $1 AND id = $2 AND finish_reason IS NOT NULL`, [tx.ctx.tenantId, runId]);
    await this.change(tx, answer.conversationId, [titleOf(asked, answer.content)], titleOf(asked, '') ?? null);
    await tx.query(
      `UPDATE messages SET content = $5, tokens = 0, state = 'recalled', finish_reason = 'content_filter' WHERE tenant_id = $1 AND conversation_id = $2 AND position = $3 AND id = $4`,
      [tx.ctx.tenantId, answer.conversationId, answer.position, answer.id, replace],
    );
  }

  /** The question's words leave the history, as those of one that was refused at once, and no title is made of them. */
  async withholdQuestion(tx: TenantTx, question: Message, answer: Message): Promise<void> {
    await this.change(tx, question.conversationId, [titleOf(question.content, answer.content), titleOf(question.content, '')], null);
    await tx.query(`UPDATE messages SET content = '', tokens = 0, state = 'refused' WHERE tenant_id = $1 AND conversation_id = $2 AND position = $3 AND id = $4`, [
      tx.ctx.tenantId, question.conversationId, question.position, question.id,
    ]);
  }

  /** A new revision: no prompt is made of what was read before. A title that was made of these words changes; one that the user chose stays. */
  private async change(tx: TenantTx, conversationId: string, made: readonly (string | undefined)[], title: string | null): Promise<void> {
    await tx.query(`UPDATE conversations SET revision = revision + 1, title = CASE WHEN title = ANY($3::text[]) THEN $4 ELSE title END WHERE tenant_id = $1 AND id = $2`, [
      tx.ctx.tenantId, conversationId, made.filter((each) => each !== undefined), title,
    ]);
  }
}
