import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { asDomainError } from '../../platform/errors/index.js';
import { Bus } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { now } from '../../platform/values/index.js';
import { Dispatcher, type Position } from '../../upstream/index.js';
import { AnswerSource, type Found } from '../cache/answer-source.service.js';
import type { CacheResult } from '../cache/cache-wish.js';
import { ServeRunService } from '../cache/serve-run.service.js';
import { FreshRuns } from '../produce/fresh-runs.js';
import { isSealed } from '../stream/kept-texts.service.js';
import { StreamLogRepository } from '../stream/stream-log.repository.js';
import { requestOf, type Prepared } from '../window/prompt.service.js';
import type { WireSubject } from '../wire/wire.js';
import { ConcludeRunService } from '../run/conclude-run.service.js';
import { RunRepository } from '../run/run.repository.js';
import { NOTHING_SAID, orderOf, type RunPlan } from '../run/run.js';

/** A run that a client may follow now. `repeated`: it was begun by an earlier request with the same key. */
export interface StartedRun {
  readonly runId: string;
  readonly subject: WireSubject | undefined;
  readonly position: Position;
  /** Name in the catalogue; undefined where it was repeated. */
  readonly model: string | undefined;
  readonly repeated: boolean;
  /** Waits for the answer to an identical request, and may have to queue without it. */
  readonly follows: boolean;
  /** What stored answers did for it, as far as is known when it is read; undefined where it was repeated. */
  readonly cache: { readonly result: CacheResult } | undefined;
}

/** A run whose row was opened a moment ago. */
export interface OpenedRun {
  readonly runId: string;
  readonly answerId: string;
  readonly priceListId: string;
  readonly includeUsage: boolean;
  /** The whole answer, to a banned topic. */
  readonly fixedReply: string | undefined;
  /** Who asks had bought credits left. */
  readonly paid: boolean;
  /** It bears an Idempotency-Key. */
  readonly hasKey: boolean;
}

/** A message's way, stage 6: the plan is laid ready, and the run started at once, queued, or answered from what is stored. */
@Injectable()
export class LaunchRunService {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly log: StreamLogRepository,
    private readonly runs: RunRepository,
    private readonly concluder: ConcludeRunService,
    private readonly bus: Bus,
    private readonly sources: AnswerSource,
    private readonly server: ServeRunService,
    private readonly fresh: FreshRuns,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws DomainError `queue_full`, `rate_limited`, `unavailable`; the run is then concluded, and its hold released. */
  async launch(ctx: RequestContext, prepared: Prepared, opened: OpenedRun, found: Found): Promise<StartedRun> {
    const requestedAt = now();
    const subject: WireSubject = {
      runId: opened.runId,
      conversationId: prepared.conversation?.id,
      messageId: opened.answerId,
      model: prepared.shownAs,
      createdAt: Math.floor(requestedAt / 1000),
      includeUsage: opened.includeUsage,
    };
    const plan: RunPlan = {
      ctx,
      subject,
      request: requestOf(prepared),
      promptTokens: prepared.window.tokens,
      priceListId: opened.priceListId,
      paid: opened.paid,
      requestedAt,
      ...(prepared.ownPrompt ? { ownPrompt: true } : {}),
      ...(opened.fixedReply === undefined ? {} : { fixedReply: opened.fixedReply }),
      ...(found.cache === undefined ? {} : { cache: found.cache }),
      ...(prepared.turn === undefined ? {} : { turn: prepared.turn }),
    };
    const started = { runId: opened.runId, subject, model: plan.request.model, repeated: false, follows: false, cache: found };
    try {
      const written = await this.log.written(ctx.tenantId, opened.runId, plan);
      const source = await this.sources.sourceOf(found, opened.runId, prepared.maxTokens);
      if (source.kind !== 'upstream') {
        await this.log.begin(ctx.tenantId, opened.runId, written, this.bus.home);
        this.server.serve(plan, source, found);
        return { ...started, follows: source.kind === 'flight', position: { position: 0, etaMs: 0 } };
      }
      return { ...started, position: await this.submitted(plan, written) };
    } catch (error) {
      const refusal = asDomainError(error);
      // Nothing was produced: the hold is released.
      const concluded = await this.concluder.conclude(plan, { runId: opened.runId, generation: 1 }, 1, { state: 'failed', errorCode: refusal.code, ...NOTHING_SAID, unheard: true });
      // Who tries again as the refusal says begins anew, and is not given it for ever.
      if (concluded && opened.hasKey) await this.runs.freeKey(ctx, opened.runId).catch((failure: unknown) => this.logger.warn({ run: opened.runId, ...errorFields(failure) }, 'the key of a refused run could not be freed'));
      throw refusal;
    }
  }

  /** Laid ready and put into the queue. Where its turn is now and here, it is produced from what is at hand. */
  private async submitted(plan: RunPlan, written: string): Promise<Position> {
    const { ctx, subject: { runId } } = plan;
    this.fresh.put(runId, { plan, sealed: isSealed(written) });
    try {
      // Both go down one connection in this order: a worker never finds a ticket without its plan.
      const [, position] = await Promise.all([this.log.begin(ctx.tenantId, runId, written, this.bus.home), this.dispatcher.submit(ctx, orderOf(runId, plan))]);
      return position;
    } finally {
      this.fresh.take(runId);
    }
  }
}
