import { Inject, Injectable } from '@nestjs/common';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { MeteringService } from '../../billing/index.js';
import { ConcludeRow } from './conclude-row.service.js';
import type { Hold, Outcome, RunPlan } from './run.js';
import { TellEnd } from './tell-end.service.js';

/**
 * The only way out of a run: finished, stopped, refused, failed and swept all
 * end here, with a different outcome. First the row (answer, usage, charge,
 * state, in one transaction), then the last event of the log.
 */
@Injectable()
export class ConcludeRunService {
  constructor(
    private readonly row: ConcludeRow,
    private readonly teller: TellEnd,
    private readonly metering: MeteringService,
    private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @param seq of the terminal event: the one after the last that was logged.
   * @returns false when the run belonged to somebody else by now; then nothing was changed.
   */
  async conclude(plan: RunPlan, hold: Hold, seq: number, outcome: Outcome): Promise<boolean> {
    const answerTokens = await this.row.answerTokens(plan, outcome);
    const answer = await this.row.conclude(plan, hold, outcome, answerTokens);
    if (answer?.outcome !== 'concluded') {
      this.logger.info({ run: hold.runId, tenant: plan.ctx.tenantId, outcome: answer?.outcome ?? 'left to the sweeper' }, 'run not concluded here');
      return false;
    }
    this.metrics.runs.inc({ state: outcome.state, reason: outcome.errorCode ?? outcome.finishReason ?? 'stop' });
    const charge = await this.metering.charge(plan.ctx.tenantId, answer);
    const telling = this.teller.tell(plan, hold, seq, outcome, { charge, answerTokens });
    if (outcome.unheard === true) telling.catch((error: unknown) => this.logger.warn({ run: hold.runId, ...errorFields(error) }, 'the end of a run that nobody heard of could not be told'));
    else await telling;
    return true;
  }
}
