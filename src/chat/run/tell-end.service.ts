import { Inject, Injectable } from '@nestjs/common';
import { ERROR_CATALOGUE } from '../../platform/errors/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { integerJson } from '../../platform/values/index.js';
import type { Charge } from '../../billing/index.js';
import { AnswerCache } from '../cache/answer-cache.service.js';
import { HistoryRepository } from '../messages/history.repository.js';
import type { Bill, RunEvent } from '../stream/run-event.js';
import { StreamLogRepository } from '../stream/stream-log.repository.js';
import type { Hold, Outcome, RunPlan } from './run.js';

/** All that comes after a run's row, in Redis: the last event of its log, its turn in the history, its answer for whoever asks the same. */
@Injectable()
export class TellEnd {
  constructor(private readonly log: StreamLogRepository, private readonly history: HistoryRepository, private readonly answers: AnswerCache, @Inject(LOGGER) private readonly logger: Logger) {}

  /** @param seq of the terminal event. */
  async tell(plan: RunPlan, hold: Hold, seq: number, outcome: Outcome, { charge, answerTokens }: { readonly charge: Charge | undefined; readonly answerTokens: number }): Promise<void> {
    // Before anybody is told of the end: who asks the same then, is given it.
    await this.answers.conclude(plan, hold.runId, outcome);
    await Promise.all([this.history.extend(plan, outcome, answerTokens), this.end(plan, hold, seq, outcome, charge)]);
  }

  /** The row is what counts; a log that can't be ended is found ended by its followers through the row. */
  private async end(plan: RunPlan, hold: Hold, seq: number, outcome: Outcome, charge: Charge | undefined): Promise<void> {
    try {
      await this.log.append(plan.ctx.tenantId, hold, [terminalEvent(plan, seq, outcome, charge)]);
    } catch (error) {
      this.logger.warn({ run: hold.runId, ...errorFields(error) }, 'could not end a stream log');
    }
  }
}

/** What the followers are told at the end. */
function terminalEvent(plan: Pick<RunPlan, 'ctx'>, seq: number, outcome: Outcome, charge?: Charge): RunEvent {
  if (outcome.errorCode !== undefined) return { type: 'error', seq, code: outcome.errorCode, message: outcome.message ?? ERROR_CATALOGUE[outcome.errorCode].text[plan.ctx.locale] };
  const bill: Bill | undefined = charge === undefined ? undefined : { credits: integerJson(charge.credits), balance: integerJson(charge.balance), low: charge.low };
  return { type: 'done', seq, finishReason: outcome.finishReason ?? 'stop', usage: outcome.usage, ...(bill === undefined ? {} : { bill }) };
}
