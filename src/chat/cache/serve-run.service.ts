import { Inject, Injectable, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { systemContext } from '../../platform/context/index.js';
import { asDomainError } from '../../platform/errors/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { delay } from '../../platform/values/index.js';
import { Dispatcher, type DeltaBatch, type Grant } from '../../upstream/index.js';
import { RunEnded } from '../produce/active-runs.js';
import { ConcludeRunService } from '../run/conclude-run.service.js';
import { ExecuteRunService } from '../produce/execute-run.service.js';
import { RunControlService } from '../run/run-control.service.js';
import { NOTHING_SAID, orderOf, type RunPlan } from '../run/run.js';
import { RunRepository } from '../run/run.repository.js';
import { StreamLogRepository } from '../stream/stream-log.repository.js';
import { AnswerCache } from './answer-cache.service.js';
import type { Found, Source } from './answer-source.service.js';
import { toldAgain, type StoredAnswer } from './stored-answer.js';

/** How long the way out waits for runs that are being handed over. */
const CLOSE_MS = 3_000;

/**
 * Produces runs whose words are not asked of a model, in the process that began them. They are runs like any other
 * (row, hold, log, stop, ban, conclude); only their words come from a store, or from the run that is answering the same
 * request. Where those do not come the run is handed over to the queue, as by a worker that goes away.
 */
@Injectable()
export class ServeRunService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly serving = new Set<Promise<void>>();
  private readonly closing = new AbortController();

  constructor(
    private readonly executor: ExecuteRunService,
    private readonly cache: AnswerCache,
    private readonly dispatcher: Dispatcher,
    private readonly control: RunControlService,
    private readonly runs: RunRepository,
    private readonly log: StreamLogRepository,
    private readonly concluder: ConcludeRunService,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.control.startBeating();
  }

  /** Those that wait are handed over: another process asks the model. */
  async beforeApplicationShutdown(): Promise<void> {
    this.closing.abort(new RunEnded({ kind: 'shutdown' }));
    await Promise.race([Promise.allSettled(this.serving), delay(CLOSE_MS)]);
  }

  /** Serves a run whose plan lies ready. Returns at once; never throws. */
  serve(plan: RunPlan, source: Exclude<Source, { kind: 'upstream' }>, found: Found): void {
    const serving = this.produce(plan, source, found).catch((error: unknown) => {
      this.logger.error({ run: plan.subject.runId, tenant: plan.ctx.tenantId, ...errorFields(error) }, 'a run was left to the sweeper');
    });
    this.serving.add(serving);
    void serving.finally(() => this.serving.delete(serving));
  }

  private async produce(plan: RunPlan, source: Exclude<Source, { kind: 'upstream' }>, found: Found): Promise<void> {
    const grant: Grant = {
      runId: plan.subject.runId,
      tenantId: plan.ctx.tenantId,
      waitedMs: 0,
      lost: new AbortController().signal,
      open: async (_request, signal) => (source.kind === 'stored' ? toldAgain(source.answer, plan.promptTokens) : this.await(plan, source, found, signal)),
      expense: () => undefined,
    };
    if ((await this.executor.execute(grant, 'cache')) === 'hand_over') await this.handOver(plan);
  }

  /** @throws RunEnded where the run must ask the model itself; the signal's reason when it was aborted. */
  private async await(plan: RunPlan, { place, leader }: Extract<Source, { kind: 'flight' }>, found: Found, signal: AbortSignal): Promise<AsyncIterable<DeltaBatch>> {
    let answer: StoredAnswer | undefined;
    this.metrics.responseCacheWaiting.inc();
    try {
      answer = await this.cache.share(place, plan.subject.runId, leader, AbortSignal.any([signal, this.closing.signal]));
    } finally {
      this.metrics.responseCacheWaiting.dec();
    }
    const served = answer !== undefined && answer.completionTokens <= plan.request.maxTokens;
    this.metrics.responseCache.inc({ result: served ? 'shared' : 'miss' });
    if (!served || answer === undefined) throw new RunEnded({ kind: 'shutdown' });
    found.result = 'hit';
    return toldAgain(answer, plan.promptTokens);
  }

  /** To the queue, as a run that nobody has shown a word of. Where the queue refuses it, it ends as refused; where its client left before, it does not wait. */
  private async handOver(plan: RunPlan): Promise<void> {
    const { runId } = plan.subject;
    try {
      const { position } = await this.dispatcher.submit(plan.ctx, orderOf(runId, plan));
      if (position > 0) await this.endForsaken(plan);
    } catch (error) {
      const { code: errorCode } = asDomainError(error);
      const generation = await this.runs.takeOver(systemContext(plan.ctx.tenantId, 'serve', runId), runId);
      if (generation === undefined) return;
      const taken = await this.log.retake(plan.ctx.tenantId, runId, generation);
      const seq = (taken.kind === 'ok' ? (taken.events.at(-1)?.seq ?? 0) : 0) + 1;
      await this.concluder.conclude(plan, { runId, generation }, seq, { state: 'failed', errorCode, ...NOTHING_SAID });
    }
  }

  /** It waits as it should: whoever can't find out whether its client is still there leaves it so. */
  private async endForsaken({ ctx, subject: { runId } }: RunPlan): Promise<void> {
    await this.control.endForsaken(ctx.tenantId, runId).catch((error: unknown) => this.logger.warn({ run: runId, tenant: ctx.tenantId, ...errorFields(error) }, 'a run whose client left could not be taken out of the queue'));
  }
}
