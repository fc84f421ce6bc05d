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
    return { ask: withTexts(ask, verdict.texts), reply: verdict.action === 'answer' ? verdict.message : undefined };
  }
}

/** In the order in which the user wrote them: a word may be split over two messages. */
function textsOf(ask: Ask, { window, turn, former, ownPrompt }: Prepared): { readonly before: string | undefined; readonly texts: readonly string[]; readonly beside: readonly string[] } {
  if (ask.kind === 'completion') return { before: undefined, texts: ask.messages.map(({ content }) => content), beside: [] };
  const [first] = window.messages;
  return { before: former, texts: [turn?.question ?? ''], beside: ownPrompt && first?.role === 'system' ? [first.content] : [] };
}

/** The ask with other words; a question that was asked before keeps its own, which the gate covers in the answer. */
function withTexts(ask: Ask, texts: readonly string[]): Ask {
  if (ask.kind === 'regenerate') return ask;
  if (ask.kind === 'message') return texts[0] === ask.content || texts[0] === undefined ? ask : { ...ask, content: texts[0] };
  if (ask.messages.every(({ content }, at) => content === texts[at])) return ask;
  return { ...ask, messages: ask.messages.map((message, at) => ({ ...message, content: texts[at] ?? message.content })) };
}
