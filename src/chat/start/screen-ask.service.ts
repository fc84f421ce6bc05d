import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { MOST_BEFORE, ScreeningService, type ScreeningSubject, type WrittenText, type WrittenTexts } from '../../moderation/index.js';
import type { PromptMessage } from '../../upstream/index.js';
import type { Prepared } from '../window/prompt.service.js';
import type { Ask } from './ask.js';

/** What word lists made of an ask. */
export interface ScreenedAsk {
  /** With listed words covered where the lists say so; else the very ask. */
  readonly ask: Ask;
  /** The question as it may be shown to the model, where lists that changed meanwhile cover words of one that was asked before. */
  readonly question: string | undefined;
  /** A fixed reply to a banned topic, which is given in place of a model's answer. */
  readonly reply: string | undefined;
}

/** A message's way, stage 4: word lists, in process, before anything is stored. The remote layers judge later, beside the model. */
@Injectable()
export class ScreenAsk {
  constructor(private readonly screening: ScreeningService) {}

  /** A question of this tenant comes in a moment. */
  foresee(ctx: RequestContext): void {
    this.screening.foresee(ctx);
  }

  /** @throws DomainError `content_blocked` with the tenant's text */
  async screen(ctx: RequestContext, subject: ScreeningSubject, ask: Ask, prepared: Prepared): Promise<ScreenedAsk> {
    const verdict = await this.screening.local(ctx, subject, textsOf(ask, prepared));
    if (verdict.action === 'block') throw new DomainError('content_blocked', { ...(verdict.message === undefined ? {} : { message: verdict.message }) });
    const [question] = verdict.texts;
    return { ask: withTexts(ask, verdict.texts), question: ask.kind === 'regenerate' && question !== prepared.turn?.question ? question : undefined, reply: verdict.action === 'answer' ? verdict.message : undefined };
  }
}

/** In the order in which the user wrote them: a word may be split over several messages. */
function textsOf(ask: Ask, { window, turn, former, ownPrompt }: Prepared): WrittenTexts {
  if (ask.kind === 'completion') return { texts: afterTheirOwn(ask.messages), beside: [] };
  const [first] = window.messages;
  return { texts: [{ text: turn?.question ?? '', before: former }], beside: ownPrompt && first?.role === 'system' ? [first.content] : [] };
}

/** Each message with the earlier ones of its author: the model's stand between them, and the caller writes all others, whatever he calls them. */
function afterTheirOwn(messages: readonly PromptMessage[]): readonly WrittenText[] {
  const written = { model: [] as readonly string[], caller: [] as readonly string[] };
  return messages.map(({ role, content }) => {
    const author = role === 'assistant' ? 'model' : 'caller';
    const before = written[author];
    written[author] = [...before, content].slice(-MOST_BEFORE);
    return { text: content, before };
  });
}

/** The ask with other words; that of a question which was asked before has none. */
function withTexts(ask: Ask, texts: readonly string[]): Ask {
  if (ask.kind === 'regenerate') return ask;
  if (ask.kind === 'message') return texts[0] === ask.content || texts[0] === undefined ? ask : { ...ask, content: texts[0] };
  if (ask.messages.every(({ content }, at) => content === texts[at])) return ask;
  return { ...ask, messages: ask.messages.map((message, at) => ({ ...message, content: texts[at] ?? message.content })) };
}
