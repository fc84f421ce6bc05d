import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { REDIS } from '../../platform/redis/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { now } from '../../platform/values/index.js';
import { auditLedger } from './audit.service.js';

const EVERY_MS = 5 * 60_000;
const FIRST_MS = 20_000;
/** Rows of one invariant that are written to the log. */
const LOGGED = 5;

/** The continuous auditor: one node at a time checks everything every five minutes, and tells metrics and log. */
@Injectable()
export class AuditJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private first: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.first = setTimeout(() => this.start(), FIRST_MS);
    this.timer = setInterval(() => this.start(), EVERY_MS);
    this.first.unref();
    this.timer.unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearTimeout(this.first);
    clearInterval(this.timer);
    await this.round;
  }

  private start(): void {
    this.round ??= this.audit()
      .catch((error: unknown) => this.logger.warn(errorFields(error), 'the audit could not run'))
      .finally(() => (this.round = undefined));
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
