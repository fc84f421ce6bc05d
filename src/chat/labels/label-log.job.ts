import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { newId } from '../../platform/values/index.js';
import { LabelLogRepository } from './label-log.repository.js';

const EVERY_MS = 6 * 3_600_000;
/** One more than the table holds on to. */
const KEPT_DAYS = 184;
const BATCH = 1_000;
const MOST_BATCHES = 100;

/** Removes label-free deliveries that were kept for six months. Several nodes may do it at once without harm. */
@Injectable()
export class LabelLogJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly database: Database, private readonly log: LabelLogRepository, @Inject(LOGGER) private readonly logger: Logger) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** @returns how many rows were removed */
  async sweep(): Promise<number> {
    let removed = 0;
    for (let batch = 0; batch < MOST_BATCHES && !this.stopped; batch += 1) {
      const count = await this.database.inPlatform(systemPlatformContext('label log', newId()), (tx) => this.log.removeOlder(tx, KEPT_DAYS, BATCH));
      removed += count;
      if (count < BATCH) break;
    }
    return removed;
  }

  private schedule(): void {
    this.timer = setTimeout(() => {
      this.sweep()
        .catch((error: unknown) => this.logger.warn(errorFields(error), 'old label-free deliveries could not be removed'))
        .finally(() => {
          if (!this.stopped) this.schedule();
        });
    }, EVERY_MS * (0.5 + Math.random())).unref();
  }
}
