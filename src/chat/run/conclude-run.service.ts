import { Inject, Injectable } from '@nestjs/common';
import { ERROR_CATALOGUE, isAway } from '../../platform/errors/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { delay } from '../../platform/values/index.js';
import { ModelService, TokenCounter } from '../../upstream/index.js';
import { HistoryRepository } from '../messages/history.repository.js';
import type { RunEvent } from '../stream/run-event.js';
import { StreamLogRepository } from '../stream/stream-log.repository.js';
import { titleOf } from '../titles/title.js';
import type { Hold, Outcome, RunPlan } from './run.js';
import { plausibleCompletion } from './run.js';
import { RunRepository, type ConcludeAnswer } from './run.repository.js';

/** How long a worker holds on to a conclusion while PostgreSQL is away; afterwards the sweeper finds the run by its row and its log. */
const PATIENCE_MS = 60_000;

/**
 * The only way out of a run: finished, stopped, refused, failed and swept all
 * end here, with a different outcome. First the row (answer, usage, state, in
 * one transaction), then the last event of the log.
 */
@Injectable()
export class ConcludeRunService {
  constructor(
    private readonly runs: RunRepository,
    private readonly log: StreamLogRepository,
    private readonly history: HistoryRepository,
    private readonly models: ModelService,
    private readonly tokens: TokenCounter,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @param seq of the terminal event: the one after the last that was logged.
   * @returns false when the run belonged to somebody else by now; then nothing was changed.
   */
  async conclude(plan: RunPlan, hold: Hold, seq: number, outcome: Outcome): Promise<boolean> {
    const answerTokens = await this.answerTokens(plan, outcome);
    const title = plan.turn === undefined ? undefined : titleOf(plan.turn.question, outcome.state === 'refused' ? '' : outcome.content);
    const answer = await this.store(plan, hold, outcome, answerTokens, title);
    if (answer?.outcome !== 'concluded') {
      this.logger.info({ run: hold.runId, tenant: plan.ctx.tenantId, outcome: answer?.outcome ?? 'left to the sweeper' }, 'run not concluded here');
      return false;
    }
    this.metrics.runs.inc({ state: outcome.state, reason: outcome.errorCode ?? outcome.finishReason ?? 'stop' });
    await Promise.all([this.history.extend(plan, outcome, answerTokens), this.end(plan, hold, seq, outcome)]);
    return true;
  }

  /** Retries while PostgreSQL is away: concluding twice is the same as once. */
  private async store(plan: RunPlan, hold: Hold, outcome: Outcome, answerTokens: number, title: string | undefined): Promise<ConcludeAnswer | undefined> {
    const input = { ...hold, outcome, answerTokens, tokenizer: this.encodingOf(plan), title };
    for (let waited = 0, pause = 100; ; waited += pause, pause = Math.min(2_000, pause * 2)) {
      try {
        return await this.runs.conclude(plan.ctx, input);
      } catch (error) {
        if (!isAway(error) || waited >= PATIENCE_MS) {
          this.logger.error({ run: hold.runId, tenant: plan.ctx.tenantId, ...errorFields(error) }, 'could not conclude a run');
          return undefined;
        }
        await delay(pause);
      }
    }
  }

  /** The row is what counts; a log that can't be ended is found ended by its followers through the row. */
  private async end(plan: RunPlan, hold: Hold, seq: number, outcome: Outcome): Promise<void> {
    try {
      await this.log.append(plan.ctx.tenantId, hold, [terminalEvent(plan, seq, outcome)]);
    } catch (error) {
      this.logger.warn({ run: hold.runId, ...errorFields(error) }, 'could not end a stream log');
    }
  }

  private async answerTokens(plan: RunPlan, outcome: Outcome): Promise<number> {
    if (plan.turn === undefined) return outcome.usage.completionTokens;
    if (outcome.usageSource === 'upstream' && plausibleCompletion(outcome.usage.completionTokens, outcome.content)) return outcome.usage.completionTokens;
    return this.tokens.count(outcome.content, this.encodingOf(plan));
  }

  private encodingOf(plan: RunPlan): 'o200k_base' | 'cl100k_base' {
    return this.models.byName(plan.subject.model)?.encoding ?? 'o200k_base';
  }
}

/** What the followers are told at the end. */
export function terminalEvent(plan: Pick<RunPlan, 'ctx'>, seq: number, outcome: Outcome): RunEvent {
  if (outcome.errorCode !== undefined) return { type: 'error', seq, code: outcome.errorCode, message: ERROR_CATALOGUE[outcome.errorCode].text[plan.ctx.locale] };
  return { type: 'done', seq, finishReason: outcome.finishReason ?? 'stop', usage: outcome.usage };
}
