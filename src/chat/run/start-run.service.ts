import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError, asDomainError } from '../../platform/errors/index.js';
import { Bus } from '../../platform/redis/index.js';
import { newId, now } from '../../platform/values/index.js';
import { MeteringService, type Estimate, type HoldRequest } from '../../billing/index.js';
import { TenantService } from '../../tenants/index.js';
import { Dispatcher, ModelService, TokenCounter, type Audience, type Model, type OfferedModel, type Position, type PromptMessage, type Sampling, type UpstreamRequest } from '../../upstream/index.js';
import { AnswerSource, type Found } from '../cache/answer-source.service.js';
import type { CacheResult, CacheWish } from '../cache/cache-wish.js';
import { ServeRunService } from '../cache/serve-run.service.js';
import type { History } from '../messages/history.js';
import { HistoryRepository } from '../messages/history.repository.js';
import { StreamLogRepository } from '../stream/stream-log.repository.js';
import { fitWindow, type Window } from '../window/window.js';
import type { WireSubject } from '../wire/wire.js';
import { ConcludeRunService } from './conclude-run.service.js';
import { userOf } from './owner.js';
import { orderOf, type RunPlan } from './run.js';
import { RunRates } from './run-rates.service.js';
import { RunRepository, type OpenAnswer, type OpenInput } from './run.repository.js';

/** What a client wants answered. */
export type Ask =
  | { readonly kind: 'message'; readonly conversationId: string; readonly content: string; readonly model?: string }
  | { readonly kind: 'regenerate'; readonly conversationId: string; readonly answerId: string }
  | { readonly kind: 'completion'; readonly messages: readonly PromptMessage[]; readonly model?: string; readonly maxTokens?: number; readonly sampling: Sampling };

export interface AskOptions {
  readonly idempotencyKey: string | undefined;
  readonly includeUsage: boolean;
  /** What the caller says about stored answers. */
  readonly cache: CacheWish | undefined;
}

/** A run that a client may follow now. `repeated`: it was begun by an earlier request with the same key. */
export interface StartedRun {
  readonly runId: string;
  readonly subject: WireSubject | undefined;
  readonly position: Position;
  /** Name in the catalogue; undefined where it was repeated. */
  readonly model: string | undefined;
  readonly repeated: boolean;
  /** What stored answers did for it, as far as is known when it is read; undefined where it was repeated. */
  readonly cache: { readonly result: CacheResult } | undefined;
}

interface Prepared {
  /** The client brought a system prompt, beyond the tenant's. */
  readonly ownPrompt: boolean;
  readonly model: Model;
  /** What the client is told that the model is called. */
  readonly shownAs: string;
  readonly window: Window;
  readonly maxTokens: number;
  readonly sampling: Sampling;
  readonly turn: RunPlan['turn'];
  readonly conversation: OpenInput['conversation'];
}

/** How often a history that proved stale is read again before giving up. */
const STALE_RETRIES = 3;

/**
 * A message's way, stages 3 to 6 (1 and 2, who and shape, are the guard's and
 * the DTO's; from 7 on it is execute-run's):
 *
 *   3 window  what the model is shown                                 fitWindow                400
 *   –         an answer that is stored already needs no channel       AnswerSource.find
 *   4 porter  refuse what can't be served before anything is stored   Dispatcher.checkRoom     429, 503
 *   5 open    run, question and hold stored, in one transaction       RunRepository.open       402, 404, 409
 *   6 queue   plan laid ready; started at once, or queued             StreamLog, Dispatcher    429, 503, undone by conclude
 *
 * A process that dies between 5 and 6 leaves an open run that the sweeper finds.
 */
@Injectable()
export class StartRunService {
  constructor(
    private readonly tenants: TenantService,
    private readonly models: ModelService,
    private readonly tokens: TokenCounter,
    private readonly history: HistoryRepository,
    private readonly dispatcher: Dispatcher,
    private readonly runs: RunRepository,
    private readonly metering: MeteringService,
    private readonly log: StreamLogRepository,
    private readonly concluder: ConcludeRunService,
    private readonly bus: Bus,
    private readonly rates: RunRates,
    private readonly sources: AnswerSource,
    private readonly server: ServeRunService,
  ) {}

  /** @throws DomainError `queue_full`, `invalid_request`, `insufficient_balance`, `not_found`, `conflict`, `unavailable`. */
  async start(ctx: RequestContext, ask: Ask, options: AskOptions): Promise<StartedRun> {
    await this.rates.take(ctx);
    for (let attempt = 1; ; attempt += 1) {
      const prepared = await this.prepare(ctx, ask, attempt > 1);
      const question = { kind: ask.kind, request: requestOf(prepared), ownPrompt: prepared.ownPrompt, wish: options.cache };
      const found = await this.sources.find(ctx, question, prepared.model.encoding);
      if (found.answer === undefined) this.dispatcher.checkRoom(ctx, prepared.model.name);
      const ids = { runId: newId(), answerId: newId() };
      const hold = await this.metering.hold(ctx, estimateOf(ctx, prepared));
      const answer = await this.runs.open(ctx, this.openInput(ctx, ask, options, prepared, ids, hold));
      if (answer.outcome === 'stale' && attempt < STALE_RETRIES) continue;
      if (answer.outcome === 'insufficient') throw this.metering.refusal(ctx, hold, BigInt(answer.available));
      const runId = settleOutcome(answer);
      if (answer.outcome !== 'opened') return { runId, subject: undefined, position: { position: 0, etaMs: 0 }, model: undefined, repeated: true, cache: undefined };
      this.metering.granted(ctx, hold);
      const maxTokens = this.metering.answerRoom(hold, BigInt(answer.held));
      return this.enqueue(ctx, { ...prepared, maxTokens }, hold.prices.id, ids, options, found);
    }
  }

  private async prepare(ctx: RequestContext, ask: Ask, fresh: boolean): Promise<Prepared> {
    const settings = await this.tenants.settingsOf(ctx.tenantId);
    const audience = { ctx, settings };
    if (ask.kind === 'completion') {
      const { model, shownAs } = this.models.pick(ask.model, audience);
      const promptTokens = await this.tokens.countMessages(ask.messages, model.encoding);
      const maxTokens = this.answerRoom(model, promptTokens, ask.maxTokens);
      const ownPrompt = ask.messages.some(({ role }) => role === 'system');
      return { ownPrompt, model, shownAs, window: { messages: ask.messages, tokens: promptTokens, droppedTurns: 0 }, maxTokens, sampling: ask.sampling, turn: undefined, conversation: undefined };
    }
    const userId = userOf(ctx);
    const history = await (fresh ? this.history.load(ctx, userId, ask.conversationId) : this.history.get(ctx, userId, ask.conversationId));
    if (history === undefined) throw new DomainError('not_found', { param: 'conversation_id' });
    const { model, shownAs } = this.modelFor(ask, history.model, audience);
    const question = ask.kind === 'message' ? { text: ask.content, tokens: await this.tokens.count(ask.content, model.encoding) } : questionOf(history, ask.answerId);
    const turns = ask.kind === 'regenerate' && history.newest?.answered ? history.turns.slice(0, -1) : history.turns;
    const systemText = history.systemPrompt ?? settings.systemPrompt;
    const systemPrompt = systemText === undefined ? undefined : { text: systemText, tokens: await this.tokens.count(systemText, model.encoding) };
    const window = fitWindow({ systemPrompt, turns, question, contextWindow: model.contextWindow, answerRoom: model.maxAnswerTokens });
    return {
      ownPrompt: history.systemPrompt !== undefined,
      model,
      shownAs,
      window,
      maxTokens: model.maxAnswerTokens,
      sampling: {},
      turn: { question: question.text, questionTokens: question.tokens, revision: history.revision, replacesAnswer: ask.kind === 'regenerate' },
      conversation: {
        id: ask.conversationId,
        revision: history.revision,
        next: ask.kind === 'regenerate' ? { regenerates: ask.answerId } : { question: { id: newId(), content: question.text, tokens: question.tokens } },
      },
    };
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

  private openInput(ctx: RequestContext, ask: Ask, options: AskOptions, prepared: Prepared, ids: { runId: string; answerId: string }, hold: HoldRequest): OpenInput {
    return {
      ...ids,
      userId: userOf(ctx),
      model: prepared.model.name,
      idempotencyKey: options.idempotencyKey,
      requestHash: options.idempotencyKey === undefined ? '' : createHash('sha256').update(JSON.stringify(ask)).digest('base64url'),
      ...(prepared.conversation === undefined ? {} : { conversation: prepared.conversation }),
      tokenizer: prepared.model.encoding,
      charge: hold.row,
    };
  }

  private async enqueue(ctx: RequestContext, prepared: Prepared, priceListId: string, ids: { runId: string; answerId: string }, options: AskOptions, found: Found): Promise<StartedRun> {
    const requestedAt = now();
    const subject: WireSubject = {
      runId: ids.runId,
      conversationId: prepared.conversation?.id,
      messageId: ids.answerId,
      model: prepared.shownAs,
      createdAt: Math.floor(requestedAt / 1000),
      includeUsage: options.includeUsage,
    };
    const plan: RunPlan = {
      ctx,
      subject,
      request: requestOf(prepared),
      promptTokens: prepared.window.tokens,
      priceListId,
      requestedAt,
      ...(found.cache === undefined ? {} : { cache: found.cache }),
      ...(prepared.turn === undefined ? {} : { turn: prepared.turn }),
    };
    const started = { runId: ids.runId, subject, model: plan.request.model, repeated: false, cache: found };
    try {
      const source = await this.sources.sourceOf(found, ids.runId, prepared.maxTokens);
      if (source.kind !== 'upstream') {
        await this.log.begin(ctx.tenantId, ids.runId, plan, this.bus.home);
        this.server.serve(plan, source, found);
        return { ...started, position: { position: 0, etaMs: 0 } };
      }
      // Both go down one connection in this order: a worker never finds a ticket without its plan.
      const [, position] = await Promise.all([this.log.begin(ctx.tenantId, ids.runId, plan, this.bus.home), this.dispatcher.submit(ctx, orderOf(ids.runId, plan))]);
      return { ...started, position };
    } catch (error) {
      const refusal = asDomainError(error);
      const usage = { promptTokens: 0, completionTokens: 0 };
      // Nothing was produced: the hold is released.
      await this.concluder.conclude(plan, { runId: ids.runId, generation: 1 }, 1, { state: 'failed', errorCode: refusal.code, content: '', usage, usageSource: 'counted' });
      throw refusal;
    }
  }
}

function requestOf({ model, window, maxTokens, sampling }: Prepared): UpstreamRequest {
  return { model: model.name, messages: window.messages, maxTokens, sampling };
}

function estimateOf(ctx: RequestContext, prepared: Prepared): Estimate {
  const { actor } = ctx;
  return {
    userId: userOf(ctx),
    apiKeyId: actor.kind === 'user' && actor.via === 'api_key' ? actor.credentialId : undefined,
    conversationId: prepared.conversation?.id,
    model: prepared.model.name,
    promptTokens: prepared.window.tokens,
    maxTokens: prepared.maxTokens,
  };
}

/** The run that the request leads to: a new one, or the one that an earlier request with this key began. @throws conflict, not_found */
function settleOutcome(answer: Exclude<OpenAnswer, { outcome: 'insufficient' }>): string {
  switch (answer.outcome) {
    case 'opened':
      return answer.run_id;
    case 'repeated':
      if (!answer.same) throw new DomainError('conflict', { param: 'Idempotency-Key', message: 'this Idempotency-Key was used for another request' });
      return answer.run_id;
    case 'busy':
      throw new DomainError('conflict', { param: 'conversation_id', message: 'an answer is still running in this conversation; stop it or wait for its end' });
    case 'stale':
      throw new DomainError('conflict', { param: 'conversation_id', message: 'the conversation is being changed by another request; try again' });
    case 'not_newest':
      throw new DomainError('conflict', { param: 'id', message: 'only the newest answer of a conversation can be made again' });
    case 'not_found':
      throw new DomainError('not_found', { param: 'conversation_id' });
  }
}

function questionOf(history: History, answerId: string): { text: string; tokens: number } {
  if (history.newest?.answerId !== answerId) throw new DomainError('conflict', { param: 'id', message: 'only the newest answer of a conversation can be made again' });
  return { text: history.newest.question, tokens: history.newest.questionTokens };
}
