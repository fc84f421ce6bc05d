import { Inject, Injectable } from '@nestjs/common';
import { ERROR_CATALOGUE, isAway } from '../../platform/errors/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { delay, integerJson } from '../../platform/values/index.js';
import { MeteringService, type Charge, type MeteredUsage } from '../../billing/index.js';
import { ModelService, TokenCounter } from '../../upstream/index.js';
import { ScreeningService } from '../../moderation/index.js';
import { AnswerCache } from '../cache/answer-cache.service.js';
import { HistoryRepository } from '../messages/history.repository.js';
import type { Bill, RunEvent } from '../stream/run-event.js';
import { StreamLogRepository } from '../stream/stream-log.repository.js';
import { RunTitles } from '../titles/run-titles.service.js';
import type { Hold, Outcome, RunPlan } from './run.js';
import { isOrdinary } from '../produce/plausible-usage.js';
import { RunRepository, type ConcludeAnswer } from './run.repository.js';

/** How long a worker holds on to a conclusion while PostgreSQL is away; afterwards the sweeper finds the run by its row and its log. */
const PATIENCE_MS = 60_000;

/**
 * The only way out of a run: finished, stopped, refused, failed and swept all
 * end here, with a different outcome. First the row (answer, usage, charge,
 * state, in one transaction), then the last event of the log.
 */
@Injectable()
export class ConcludeRunService {
  constructor(
    private readonly runs: RunRepository,
    private readonly log: StreamLogRepository,
    private readonly history: HistoryRepository,
    private readonly models: ModelService,
    private readonly tokens: TokenCounter,
    private readonly metering: MeteringService,
    private readonly answers: AnswerCache,
    private readonly screening: ScreeningService,
    private readonly titles: RunTitles,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @param seq of the terminal event: the one after the last that was logged.
   * @returns false when the run belonged to somebody else by now; then nothing was changed.
   */
  async conclude(plan: RunPlan, hold: Hold, seq: number, outcome: Outcome): Promise<boolean> {
    const answerTokens = await this.answerTokens(plan, outcome);
    const answer = await this.store(plan, hold, outcome, answerTokens);
    if (answer?.outcome !== 'concluded') {
      this.logger.info({ run: hold.runId, tenant: plan.ctx.tenantId, outcome: answer?.outcome ?? 'left to the sweeper' }, 'run not concluded here');
      return false;
    }
    this.metrics.runs.inc({ state: outcome.state, reason: outcome.errorCode ?? outcome.finishReason ?? 'stop' });
    const charge = await this.metering.charge(plan.ctx.tenantId, answer);
    const telling = this.tell(plan, hold, seq, outcome, { charge, answerTokens });
    if (outcome.unheard === true) telling.catch((error: unknown) => this.logger.warn({ run: hold.runId, ...errorFields(error) }, 'the end of a run that nobody heard of could not be told'));
    else await telling;
    return true;
  }

  /** All that comes after the row, in Redis. */
  private async tell(plan: RunPlan, hold: Hold, seq: number, outcome: Outcome, { charge, answerTokens }: { readonly charge: Charge | undefined; readonly answerTokens: number }): Promise<void> {
    // Before anybody is told of the end: who asks the same then, is given it.
    await this.answers.conclude(plan, hold.runId, outcome);
    await Promise.all([this.history.extend(plan, outcome, answerTokens), this.end(plan, hold, seq, outcome, charge)]);
  }

  /** Retries while PostgreSQL is away: concluding twice is the same as once. */
  private async store(plan: RunPlan, hold: Hold, outcome: Outcome, answerTokens: number): Promise<ConcludeAnswer | undefined> {
    for (let waited = 0, pause = 100; ; waited += pause, pause = Math.min(2_000, pause * 2)) {
      try {
        const { row: charge } = await this.metering.settlement(plan.ctx.tenantId, plan.priceListId, meteredUsage(outcome), isFree(outcome));
        const question = await this.questionOf(plan, outcome);
        const title = question === 'unjudged' ? undefined : this.titles.made(plan, outcome);
        const withheldTitle = await this.titles.withheld(plan, outcome);
        const askedAgain = plan.turn?.replacesAnswer === true;
        return await this.runs.conclude(plan.ctx, { ...hold, outcome, answerTokens, tokenizer: this.encodingOf(plan), title, withheldTitle, askedAgain, question, charge });
      } catch (error) {
        if (!isAway(error) || waited >= PATIENCE_MS) {
          this.logger.error({ run: hold.runId, tenant: plan.ctx.tenantId, ...errorFields(error) }, 'could not conclude a run');
          return undefined;
        }
        await delay(pause);
      }
    }
  }

  /** Whether the question's standing changes. Most are judged by their only run, and have none to change. */
  private async questionOf(plan: RunPlan, { questionJudged }: Outcome): Promise<'unjudged' | 'judged' | undefined> {
    if (questionJudged === true) return plan.turn?.replacesAnswer === true ? 'judged' : undefined;
    return (await this.screening.judgesBeside(plan.ctx)) ? 'unjudged' : undefined;
  }

  /** The row is what counts; a log that can't be ended is found ended by its followers through the row. */
  private async end(plan: RunPlan, hold: Hold, seq: number, outcome: Outcome, charge: Charge | undefined): Promise<void> {
    try {
      await this.log.append(plan.ctx.tenantId, hold, [terminalEvent(plan, seq, outcome, charge)]);
    } catch (error) {
      this.logger.warn({ run: hold.runId, ...errorFields(error) }, 'could not end a stream log');
    }
  }

  private async answerTokens(plan: RunPlan, outcome: Outcome): Promise<number> {
    if (plan.turn === undefined) return outcome.usage.completionTokens;
    if (outcome.usageSource !== 'counted' && isOrdinary(outcome.usage, outcome.content)) return outcome.usage.completionTokens - (outcome.usage.reasoningTokens ?? 0);
    return this.tokens.count(outcome.content, this.encodingOf(plan));
  }

  private encodingOf(plan: RunPlan): 'o200k_base' | 'cl100k_base' {
    return this.models.byName(plan.request.model)?.encoding ?? 'o200k_base';
  }
}

/** What the followers are told at the end. */
export function terminalEvent(plan: Pick<RunPlan, 'ctx'>, seq: number, outcome: Outcome, charge?: Charge): RunEvent {
  if (outcome.errorCode !== undefined) return { type: 'error', seq, code: outcome.errorCode, message: outcome.message ?? ERROR_CATALOGUE[outcome.errorCode].text[plan.ctx.locale] };
  const bill: Bill | undefined = charge === undefined ? undefined : { credits: integerJson(charge.credits), balance: integerJson(charge.balance), low: charge.low };
  return { type: 'done', seq, finishReason: outcome.finishReason ?? 'stop', usage: outcome.usage, ...(bill === undefined ? {} : { bill }) };
}

function meteredUsage(outcome: Outcome): MeteredUsage {
  const { usage } = outcome;
  return { promptTokens: usage.promptTokens, cachedTokens: usage.cachedTokens ?? 0, completionTokens: usage.completionTokens, reasoningTokens: usage.reasoningTokens ?? 0, source: outcome.usageSource };
}

/** What was refused for its content costs nothing, unless the tenant charges what was shown or produced; words that were shown before a ban do. */
function isFree(outcome: Outcome): boolean {
  return (outcome.charge ?? 'nothing') === 'nothing' && outcome.state === 'refused' && (outcome.errorCode === undefined || outcome.errorCode === 'content_blocked');
}
