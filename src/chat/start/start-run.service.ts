import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { newId } from '../../platform/values/index.js';
import { StandingService } from '../../identity/index.js';
import { MeteringService, type Estimate, type HoldRequest } from '../../billing/index.js';
import { Dispatcher } from '../../upstream/index.js';
import { AnswerSource, type Found } from '../cache/answer-source.service.js';
import type { Question } from '../cache/cacheable.js';
import { fixedAnswer } from '../cache/stored-answer.js';
import { PromptService, requestOf, type Prepared } from '../window/prompt.service.js';
import type { Ask, AskOptions } from './ask.js';
import { LaunchRunService, type StartedRun } from './launch-run.service.js';
import { userOf } from '../run/owner.js';
import { RunRates } from './run-rates.service.js';
import { ScreenAsk } from './screen-ask.service.js';
import { RunRepository, type OpenAnswer, type OpenInput } from '../run/run.repository.js';

/** How often a history that proved stale is read again before giving up. */
const STALE_RETRIES = 3;

/**
 * A message's way, stages 3 to 6 (1 and 2, who and shape, are the guard's and
 * the DTO's; from 7 on it is execute-run's):
 *
 *   –         who is muted may not ask                                StandingService          403
 *   3 window  what the model is shown                                 PromptService            400, 404, 409
 *   4 porter  refuse what can't be served before anything is stored   ScreenAsk                422
 *   –         an answer that is stored already needs no channel       AnswerSource.find
 *                                                                     Dispatcher.checkRoom     429, 503
 *   5 open    run, question and hold stored, in one transaction       RunRepository.open       402, 404, 409
 *   6 queue   plan laid ready; started at once, or queued             LaunchRunService         429, 503, undone by conclude
 *
 * A process that dies between 5 and 6 leaves an open run that the sweeper finds.
 */
@Injectable()
export class StartRunService {
  constructor(
    private readonly prompts: PromptService,
    private readonly screens: ScreenAsk,
    private readonly sources: AnswerSource,
    private readonly dispatcher: Dispatcher,
    private readonly metering: MeteringService,
    private readonly runs: RunRepository,
    private readonly launcher: LaunchRunService,
    private readonly rates: RunRates,
    private readonly standing: StandingService,
  ) {}

  /** @throws DomainError `user_muted`, `content_blocked`, `queue_full`, `invalid_request`, `insufficient_balance`, `not_found`, `conflict`, `unavailable`. */
  async start(ctx: RequestContext, ask: Ask, options: AskOptions): Promise<StartedRun> {
    await this.standing.assertMaySpeak(ctx);
    this.foresee(ctx);
    await this.rates.take(ctx);
    const ids = { runId: newId(), answerId: newId() };
    for (let attempt = 1; ; attempt += 1) {
      const { prepared, reply } = await this.prepare(ctx, ask, ids, attempt > 1);
      const found = reply === undefined ? await this.sources.find(ctx, questionOf(ask, prepared, options), prepared.model.encoding) : fixed(reply);
      if (found.answer === undefined) this.dispatcher.checkRoom(ctx, prepared.model.name);
      const hold = await this.metering.hold(ctx, estimateOf(ctx, prepared));
      const answer = await this.runs.open(ctx, this.openInput(ctx, ask, options, prepared, ids, hold));
      if (answer.outcome === 'stale' && attempt < STALE_RETRIES) continue;
      if (answer.outcome === 'insufficient') throw this.metering.refusal(ctx, hold, BigInt(answer.available));
      const runId = settleOutcome(answer);
      if (answer.outcome !== 'opened') return { runId, subject: undefined, position: { position: 0, etaMs: 0 }, model: undefined, repeated: true, follows: false, cache: undefined };
      this.metering.granted(ctx, hold);
      const maxTokens = this.metering.answerRoom(hold, BigInt(answer.held));
      return this.launcher.launch(ctx, { ...prepared, maxTokens }, { ...ids, priceListId: hold.prices.id, includeUsage: options.includeUsage, fixedReply: reply, paid: answer.paid, hasKey: options.idempotencyKey !== undefined }, found);
    }
  }

  /** What a question needs of a tenant that this process does not know by heart is read side by side, while the question is looked at. */
  private foresee(ctx: RequestContext): void {
    this.screens.foresee(ctx);
    this.sources.foresee(ctx);
    this.metering.foresee(ctx);
  }

  /** Stages 3 and 4: what the model is shown, with listed words covered. */
  private async prepare(ctx: RequestContext, ask: Ask, ids: { readonly runId: string; readonly answerId: string }, fresh: boolean): Promise<{ readonly prepared: Prepared; readonly reply: string | undefined }> {
    const prepared = await this.prompts.prepare(ctx, ask, fresh);
    const screened = await this.screens.screen(ctx, { runId: ids.runId, conversationId: prepared.conversation?.id, messageId: ids.answerId }, ask, prepared);
    const shown = screened.ask === ask ? prepared : await this.prompts.prepare(ctx, screened.ask, fresh);
    return { prepared: screened.question === undefined ? shown : withQuestion(shown, screened.question), reply: screened.reply };
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

}

/** The prompt with its question covered: a star for each character changes its tokens hardly. */
function withQuestion(prepared: Prepared, question: string): Prepared {
  const { window, turn } = prepared;
  const messages = window.messages.map((message, at) => (at === window.messages.length - 1 ? { ...message, content: question } : message));
  return { ...prepared, window: { ...window, messages }, turn: turn === undefined ? undefined : { ...turn, question } };
}

function questionOf(ask: Ask, prepared: Prepared, options: AskOptions): Question {
  return { kind: ask.kind, request: requestOf(prepared), ownPrompt: prepared.ownPrompt, wish: options.cache };
}

/** A reply that is written already: no model is asked, and nothing is stored for others. */
function fixed(reply: string): Found {
  return { result: 'bypass', answer: fixedAnswer(reply), cache: undefined };
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
