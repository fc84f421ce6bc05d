import { Injectable } from '@nestjs/common';
import { makeContext } from '../../platform/context/index.js';
import { newId } from '../../platform/values/index.js';
import { MeteringService } from '../../billing/index.js';
import { NOTHING_SAID } from '../run/run.js';
import { RunRepository } from '../run/run.repository.js';

/** The two statements of a run are run once before anybody is served, for nobody, and undone. */
@Injectable()
export class RehearseRuns {
  constructor(private readonly runs: RunRepository, private readonly metering: MeteringService) {}

  /** Errors: the driver's. */
  async rehearse(): Promise<void> {
    const ids = { tenantId: newId(), runId: newId(), userId: newId() };
    const ctx = makeContext({ tenantId: ids.tenantId, actor: { kind: 'user', userId: ids.userId, via: 'session', credentialId: newId() }, requestId: ids.runId, locale: 'zh', client: 'api', platform: 'other' } as const);
    const { held, collected } = this.metering.rehearsal(ids.tenantId, ids.userId, 'rehearsal');
    const opened = { runId: ids.runId, answerId: newId(), userId: ids.userId, model: 'rehearsal', requestHash: '', idempotencyKey: undefined, tokenizer: 'o200k_base', charge: held };
    const outcome = { state: 'failed', ...NOTHING_SAID } as const;
    await this.runs.rehearse(ctx, opened, { runId: ids.runId, generation: 1, outcome, answerTokens: 0, tokenizer: 'o200k_base', title: undefined, charge: collected });
  }
}
