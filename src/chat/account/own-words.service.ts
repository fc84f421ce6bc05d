import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId } from '../../platform/values/index.js';
import { ScreeningService } from '../../moderation/index.js';

/** Words that a user gives things as names or prompts: judged by the word lists before they are kept. */
@Injectable()
export class OwnWords {
  constructor(private readonly screening: ScreeningService) {}

  /**
   * A text that the lists take, its listed words covered where they say so. It is no answer of a run: the log tells it by an id of its own.
   * @throws DomainError `content_blocked` with the field's name
   */
  async judged(ctx: RequestContext, param: string, text: string): Promise<string> {
    const id = newId();
    const verdict = await this.screening.local(ctx, { runId: id, conversationId: undefined, messageId: id }, { texts: [{ text, before: [] }], beside: [] });
    if (verdict.action === 'block' || verdict.action === 'answer') throw new DomainError('content_blocked', { param, ...(verdict.message === undefined ? {} : { message: verdict.message }) });
    return verdict.texts[0] ?? text;
  }
}
