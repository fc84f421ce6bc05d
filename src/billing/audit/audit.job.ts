import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { REDIS } from '../../platform/redis/index.js';
import { Rounds } from '../../platform/lifecycle/index.js';
import { LOGGER, Metrics, type Logger } from '../../platform/telemetry/index.js';
import { now } from '../../platform/values/index.js';
import { auditLedger } from './audit.service.js';

const EVERY_MS = 5 * 60_000;
const FIRST_MS = 20_000;
/** Rows of one invariant that are written to the log. */
const LOGGED = 5;

/** The continuous auditor: one node at a time checks everything every five minutes, and tells metrics and log. */
@Injectable()
export class AuditJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    this.rounds = new Rounds({ everyMs: EVERY_MS, firstMs: FIRST_MS, work: () => this.audit(), logger: this.logger, fault: 'the audit could not run' });
  }

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.end();
  }

  private async audit(): Promise<void> {
    if ((await this.redis.set('audit:turn', '1', 'PX', EVERY_MS - 10_000, 'NX')) === null) return;
    for (const { invariant, violations, ms } of await auditLedger(this.config.database.platformUrl)) {
      this.metrics.auditViolations.set({ invariant }, violations.length);
      this.metrics.auditSeconds.set({ invariant }, ms / 1_000);
      for (const { tenantId, subject, details } of violations.slice(0, LOGGED)) this.logger.error({ tenantId, invariant, subject, details }, 'an invariant of money does not hold');
    }
    this.metrics.auditTime.set(now() / 1_000);
  }
}
