import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId } from '../../platform/values/index.js';
import { ContextScreening, MOST_BEFORE } from '../../moderation/index.js';
import { TenantService } from '../../tenants/index.js';
import { ModelService, TokenCounter, type Audience, type Model, type OfferedModel, type Sampling, type UpstreamRequest } from '../../upstream/index.js';
import type { History } from '../messages/history.js';
import { HistoryRepository } from '../messages/history.repository.js';
import type { Ask } from '../start/ask.js';
import { userOf } from '../run/owner.js';
import type { RunPlan } from '../run/run.js';
import type { OpenInput } from '../run/run.repository.js';
import { fitWindow, withTurns, type Turn, type Window } from './window.js';

/** What a model is to be shown for a question, and what the run's row will need. */
export interface Prepared {
  /** The client brought a system prompt, beyond the tenant's. */
  readonly ownPrompt: boolean;
  readonly model: Model;
  /** What the client is told that the model is called. */
  readonly shownAs: string;
  readonly window: Window;
  readonly maxTokens: number;
  readonly sampling: Sampling;
  readonly turn: RunPlan['turn'];
  /** What the same user asked last before, oldest first: of the unanswered the newest. */
  readonly former: readonly string[];
  readonly conversation: OpenInput['conversation'];
}

/** A message's way, stage 3: what the model is shown. */
@Injectable()
export class PromptService {
  constructor(private readonly tenants: TenantService, private readonly models: ModelService, private readonly tokens: TokenCounter, private readonly history: HistoryRepository, private readonly context: ContextScreening) {}

  /**
   * @param fresh reads the history from the database: what the cache had proved stale.
   * @throws DomainError `not_found`, `conflict`, `invalid_request` with the numbers when the question is too long.
   */
  async prepare(ctx: RequestContext, asked: Ask, fresh: boolean): Promise<Prepared> {
    const settings = await this.tenants.settingsOf(ctx.tenantId);
    const audience = { ctx, settings };
    if (asked.kind === 'completion') return this.ofCompletion(asked, audience);
    const userId = userOf(ctx);
    const history = await (fresh ? this.history.load(ctx, userId, asked.conversationId) : this.history.get(ctx, userId, asked.conversationId));
    if (history === undefined) throw new DomainError('not_found', { param: 'conversation_id' });
    const { model, shownAs } = this.modelFor(asked, history.model, audience);
    const ask = repeats(asked, history.newest) ? { kind: 'regenerate' as const, conversationId: asked.conversationId, answerId: history.newest.answerId } : asked;
    const question = ask.kind === 'message' ? { text: ask.content, tokens: await this.tokens.count(ask.content, model.encoding) } : questionOf(history, ask.answerId);
    const turns = ask.kind === 'regenerate' && history.newest?.answered ? history.turns.slice(0, -1) : history.turns;
    const systemText = history.systemPrompt ?? settings.systemPrompt;
    const systemPrompt = systemText === undefined ? undefined : { text: systemText, tokens: await this.tokens.count(systemText, model.encoding) };
    const fitted = fitWindow({ systemPrompt, turns, question, contextWindow: model.contextWindow, answerRoom: model.maxAnswerTokens });
    const shown = turns.slice(fitted.droppedTurns);
    const window = withTurns(fitted, shown, await this.context.judged(ctx, shown));
    return {
      ownPrompt: history.systemPrompt !== undefined,
      model,
      shownAs,
      window,
      maxTokens: model.maxAnswerTokens,
      sampling: {},
      former: formerOf(ask, turns, history.newest),
      turn: { question: question.text, questionTokens: question.tokens, revision: history.revision, replacesAnswer: ask.kind === 'regenerate' },
      conversation: {
        id: ask.conversationId,
        revision: history.revision,
        next: ask.kind === 'regenerate' ? { regenerates: ask.answerId } : { question: { id: newId(), content: question.text, tokens: question.tokens } },
      },
    };
  }

  /** An API caller brings the whole of its prompt. */
  private async ofCompletion(ask: Ask & { readonly kind: 'completion' }, audience: Audience): Promise<Prepared> {
    const { model, shownAs } = this.models.pick(ask.model, audience);
    const promptTokens = await this.tokens.countMessages(ask.messages, model.encoding);
    const maxTokens = this.answerRoom(model, promptTokens, ask.maxTokens);
    const ownPrompt = ask.messages.some(({ role }) => role === 'system');
    return { ownPrompt, model, shownAs, window: { messages: ask.messages, tokens: promptTokens, droppedTurns: 0 }, maxTokens, sampling: ask.sampling, turn: undefined, former: [], conversation: undefined };
  }

  /** The model that the question asks for, else the conversation's own. */
  private modelFor(ask: Ask, own: string, audience: Audience): OfferedModel {
    return ask.kind === 'message' && ask.model !== undefined ? this.models.pick(ask.model, audience) : this.models.pickStored(own, audience);
  }

  /** An API caller brings its own window; what it leaves free is the answer's room. */
  private answerRoom(model: Model, promptTokens: number, asked: number | undefined): number {
    const free = model.contextWindow - promptTokens;
    if (free < 1) throw new DomainError('invalid_request', { param: 'messages', message: `messages have ${promptTokens} tokens; the model's window is ${model.contextWindow}` });
    return Math.min(asked ?? model.maxAnswerTokens, model.maxAnswerTokens, free);
  }
}

export function requestOf({ model, window, maxTokens, sampling }: Prepared): UpstreamRequest {
  return { model: model.name, messages: window.messages, maxTokens, sampling };
}

/** A question that got no word, and is sent once more, as by a client that lost its connection in the queue, is the same question. */
function repeats(ask: Ask, newest: History['newest']): newest is NonNullable<History['newest']> {
  return ask.kind === 'message' && newest?.answered === false && newest.question === ask.content;
}

/** A question that is asked again is the newest itself. */
function formerOf(ask: Ask, turns: readonly Turn[], newest: History['newest']): readonly string[] {
  const answered = turns.slice(-MOST_BEFORE).map(({ question }) => question);
  return ask.kind === 'regenerate' || newest === undefined || newest.answered ? answered : [...answered, newest.question].slice(-MOST_BEFORE);
}

function questionOf(history: History, answerId: string): { text: string; tokens: number } {
  if (history.newest?.answerId !== answerId) throw new DomainError('conflict', { param: 'id', message: 'only the newest answer of a conversation can be made again' });
  return { text: history.newest.question, tokens: history.newest.questionTokens };
}
