import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { REDIS } from '../../platform/redis/index.js';
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
  private timer: NodeJS.Timeout | undefined;
  private readonly stopping = new AbortController();
  private round: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly reports: ReportRepository,
    private readonly reconciliation: ReconciliationService,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.round ??= this.sweep()
        .catch((error: unknown) => this.logger.warn(errorFields(error), 'reconciling failed'))
        .finally(() => (this.round = undefined));
    }, EVERY_MS);
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping.abort();
    await this.round;
  }

  private async sweep(): Promise<void> {
    for (const day of newestBillDays(nowDate(), DAYS)) {
      const tenants = await this.database.inPlatform(systemPlatformContext('reconciliation', newId()), (tx) => this.reports.withoutReport(tx, day, TENANTS));
      for (const tenantId of tenants) {
        if (this.stopping.signal.aborted) return;
        await this.reconcile(tenantId, day);
      }
    }
  }

  private async reconcile(tenantId: string, day: string): Promise<void> {
    if ((await this.redis.set(`${tenantId}:bill:${day}`, '1', 'PX', RETRY_MS, 'NX')) === null) return;
    try {
      const report = await this.reconciliation.run(PaymentService.context(tenantId), day, AbortSignal.any([this.stopping.signal, AbortSignal.timeout(RUN_MS)]));
      this.logger[report.outcome === 'clean' ? 'info' : 'error']({ tenantId, day, matched: report.matched, differing: report.differing }, 'a bill was compared');
    } catch (error) {
      this.logger.warn({ ...errorFields(error), tenantId, day }, 'a bill could not be compared');
    }
  }
}
