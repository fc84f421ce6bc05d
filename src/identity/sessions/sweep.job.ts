import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { newId } from '../../platform/values/index.js';
import { SessionRepository } from './session.repository.js';

const EVERY_MS = 3_600_000;
const BATCH = 1_000;
const MOST_BATCHES = 100;

/** Once an hour removes logins that expired, with their refresh tokens. Several nodes may do it at once without harm. */
@Injectable()
export class SweepSessionsJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly repository: SessionRepository,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    if (this.config.role !== 'api') this.schedule();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private schedule(): void {
    this.timer = setTimeout(() => void this.sweep(), EVERY_MS * (0.5 + Math.random())).unref();
  }

  private async sweep(): Promise<void> {
    try {
      for (let batch = 0; batch < MOST_BATCHES && !this.stopped; batch += 1) {
        const removed = await this.database.inPlatform(systemPlatformContext('session sweep', newId()), (tx) => this.repository.sweep(tx, BATCH));
        if (removed < BATCH) break;
      }
    } catch (error) {
      this.logger.warn(errorFields(error), 'expired logins could not be removed');
    }
    if (!this.stopped) this.schedule();
  }
}
