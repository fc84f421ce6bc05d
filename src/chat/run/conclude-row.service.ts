import { Inject, Injectable } from '@nestjs/common';
import { isAway } from '../../platform/errors/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { delay } from '../../platform/values/index.js';
import { MeteringService, type MeteredUsage } from '../../billing/index.js';
import { ModelService, TokenCounter } from '../../upstream/index.js';
import { ScreeningService } from '../../moderation/index.js';
import { isOrdinary } from '../produce/plausible-usage.js';
import { RunTitles } from '../titles/run-titles.service.js';
import type { Hold, Outcome, RunPlan } from './run.js';
import { RunRepository, type ConcludeAnswer } from './run.repository.js';

/** How long a worker holds on to a conclusion while PostgreSQL is away; afterwards the sweeper finds the run by its row and its log. */
const PATIENCE_MS = 60_000;

/** The end of a run in PostgreSQL: answer, usage, charge, title and state, in one transaction. */
@Injectable()
export class ConcludeRow {
  constructor(
    private readonly runs: RunRepository,
    private readonly models: ModelService,
    private readonly tokens: TokenCounter,
    private readonly metering: MeteringService,
    private readonly screening: ScreeningService,
    private readonly titles: RunTitles,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Tokens of the answer as the history counts them. */
  async answerTokens(plan: RunPlan, outcome: Outcome): Promise<number> {
    if (plan.turn === undefined) return outcome.usage.completionTokens;
    if (outcome.usageSource !== 'counted' && isOrdinary(outcome.usage, outcome.content)) return outcome.usage.completionTokens - (outcome.usage.reasoningTokens ?? 0);
    return this.tokens.count(outcome.content, this.encodingOf(plan));
  }

  /** Retries while PostgreSQL is away: concluding twice is the same as once. @returns undefined where it could not be done; the sweeper does it then. */
  async conclude(plan: RunPlan, hold: Hold, outcome: Outcome, answerTokens: number): Promise<ConcludeAnswer | undefined> {
    for (let waited = 0, pause = 100; ; waited += pause, pause = Math.min(2_000, pause * 2)) {
      try {
        return await this.attempt(plan, hold, outcome, answerTokens);
      } catch (error) {
        if (!isAway(error) || waited >= PATIENCE_MS) {
          this.logger.error({ run: hold.runId, tenant: plan.ctx.tenantId, ...errorFields(error) }, 'could not conclude a run');
          return undefined;
        }
        await delay(pause);
      }
    }
  }

  private async attempt(plan: RunPlan, hold: Hold, outcome: Outcome, answerTokens: number): Promise<ConcludeAnswer> {
    const { row: charge } = await this.metering.settlement(plan.ctx.tenantId, plan.priceListId, meteredUsage(outcome), isFree(outcome));
    const question = await this.questionOf(plan, outcome);
    const title = question === 'unjudged' ? undefined : this.titles.made(plan, outcome);
    const withheldTitle = await this.titles.withheld(plan, outcome);
    const askedAgain = plan.turn?.replacesAnswer === true;
    return this.runs.conclude(plan.ctx, { ...hold, outcome, answerTokens, tokenizer: this.encodingOf(plan), title, withheldTitle, askedAgain, question, charge });
  }

  /** Whether the question's standing changes. Most are judged by their only run, and have none to change. */
  private async questionOf(plan: RunPlan, { questionJudged }: Outcome): Promise<'unjudged' | 'judged' | undefined> {
    if (questionJudged === true) return plan.turn?.replacesAnswer === true ? 'judged' : undefined;
    return (await this.screening.judgesBeside(plan.ctx)) ? 'unjudged' : undefined;
  }

  private encodingOf(plan: RunPlan): 'o200k_base' | 'cl100k_base' {
    return this.models.byName(plan.request.model)?.encoding ?? 'o200k_base';
  }
}

function meteredUsage(outcome: Outcome): MeteredUsage {
  const { usage } = outcome;
  return { promptTokens: usage.promptTokens, cachedTokens: usage.cachedTokens ?? 0, completionTokens: usage.completionTokens, reasoningTokens: usage.reasoningTokens ?? 0, source: outcome.usageSource };
}

/** What was refused for its content costs nothing, unless the tenant charges what was shown or produced; words that were shown before a ban do. */
function isFree(outcome: Outcome): boolean {
  return (outcome.charge ?? 'nothing') === 'nothing' && outcome.state === 'refused' && (outcome.errorCode === undefined || outcome.errorCode === 'content_blocked');
}
