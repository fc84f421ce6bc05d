import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { MessageRepository } from '../messages/message.repository.js';
import type { Outcome, RunPlan } from '../run/run.js';
import { titleOf } from './title.js';

/** What the end of a run means for its conversation's title. Refused text is none. */
@Injectable()
export class RunTitles {
  constructor(private readonly database: Database, private readonly messages: MessageRepository) {}

  /** The title of a conversation that has none yet. */
  made({ turn }: RunPlan, { state, content, withholdsQuestion }: Outcome): string | undefined {
    if (turn === undefined || withholdsQuestion === true) return undefined;
    return titleOf(turn.question, state === 'refused' ? '' : content);
  }

  /**
   * The title that an earlier run may have made of a question which this one takes out. Its words are read where they
   * stand: the model is shown others, where lists cover some by now.
   */
  async withheld({ ctx, turn, subject }: RunPlan, { withholdsQuestion }: Outcome): Promise<string | undefined> {
    const { conversationId } = subject;
    if (withholdsQuestion !== true || turn?.replacesAnswer !== true || conversationId === undefined) return undefined;
    // Only the newest answer is ever made again.
    const newest = await this.database.readTenant(ctx, (tx) => this.messages.newest(tx, conversationId, undefined, 2));
    return titleOf(newest.find(({ role }) => role === 'user')?.content ?? '', '');
  }
}
