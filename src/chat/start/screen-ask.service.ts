import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ScreeningService, type ScreeningSubject } from '../../moderation/index.js';
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

  /** @throws DomainError `content_blocked` with the tenant's text */
  async screen(ctx: RequestContext, subject: ScreeningSubject, ask: Ask, prepared: Prepared): Promise<ScreenedAsk> {
    const verdict = await this.screening.local(ctx, subject, textsOf(ask, prepared));
    if (verdict.action === 'block') throw new DomainError('content_blocked', { ...(verdict.message === undefined ? {} : { message: verdict.message }) });
    const [question] = verdict.texts;
    return { ask: withTexts(ask, verdict.texts), question: ask.kind === 'regenerate' && question !== prepared.turn?.question ? question : undefined, reply: verdict.action === 'answer' ? verdict.message : undefined };
  }
}

/** In the order in which the user wrote them: a word may be split over two messages. */
function textsOf(ask: Ask, { window, turn, former, ownPrompt }: Prepared): { readonly before: string | undefined; readonly texts: readonly string[]; readonly beside: readonly string[] } {
  if (ask.kind === 'completion') return { before: undefined, texts: ask.messages.map(({ content }) => content), beside: [] };
  const [first] = window.messages;
  return { before: former, texts: [turn?.question ?? ''], beside: ownPrompt && first?.role === 'system' ? [first.content] : [] };
}

/** The ask with other words; that of a question which was asked before has none. */
function withTexts(ask: Ask, texts: readonly string[]): Ask {
  if (ask.kind === 'regenerate') return ask;
  if (ask.kind === 'message') return texts[0] === ask.content || texts[0] === undefined ? ask : { ...ask, content: texts[0] };
  if (ask.messages.every(({ content }, at) => content === texts[at])) return ask;
  return { ...ask, messages: ask.messages.map((message, at) => ({ ...message, content: texts[at] ?? message.content })) };
}
