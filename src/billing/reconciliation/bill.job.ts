import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { REDIS } from '../../platform/redis/index.js';
import { Rounds } from '../../platform/lifecycle/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { newId, nowDate } from '../../platform/values/index.js';
import { PaymentService } from '../payments/payment.service.js';
import { ReconciliationService } from './reconciliation.service.js';
import { newestBillDays } from './report.js';
import { ReportRepository } from './report.repository.js';

const EVERY_MS = 60_000;
/** A bill that could not be had is asked for again after so long, as WeChat asks. */
const RETRY_MS = 30 * 60_000;
const RUN_MS = 120_000;
/** Days that are looked at: a platform that was away for the weekend catches up. */
const DAYS = 3;
const TENANTS = 50;

/** Compares every tenant's bill once it is ready, after 10:10 Beijing time; one node at a time for each tenant and day. */
@Injectable()
export class BillJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: Database,
    private readonly reports: ReportRepository,
    private readonly reconciliation: ReconciliationService,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.rounds = new Rounds({ everyMs: EVERY_MS, work: () => this.sweep(), logger: this.logger, fault: 'reconciling failed' });
  }

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.end();
  }

  private async sweep(): Promise<void> {
    for (const day of newestBillDays(nowDate(), DAYS)) {
      const tenants = await this.database.readPlatform(systemPlatformContext('reconciliation', newId()), (tx) => this.reports.withoutReport(tx, day, TENANTS));
      for (const tenantId of tenants) {
        if (this.rounds.stopping.aborted) return;
        await this.reconcile(tenantId, day);
      }
    }
  }

  private async reconcile(tenantId: string, day: string): Promise<void> {
    if ((await this.redis.set(`${tenantId}:bill:${day}`, '1', 'PX', RETRY_MS, 'NX')) === null) return;
    try {
      const report = await this.reconciliation.run(PaymentService.context(tenantId), day, AbortSignal.any([this.rounds.stopping, AbortSignal.timeout(RUN_MS)]));
      this.logger[report.outcome === 'clean' ? 'info' : 'error']({ tenantId, day, matched: report.matched, differing: report.differing }, 'a bill was compared');
    } catch (error) {
      this.logger.warn({ ...errorFields(error), tenantId, day }, 'a bill could not be compared');
    }
  }
}
