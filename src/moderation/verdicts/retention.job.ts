import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { REDIS } from '../../platform/redis/index.js';
import { Rounds } from '../../platform/lifecycle/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import { MediaRetention } from '../media/media-retention.service.js';
import { VerdictMonths } from './verdict-months.service.js';

const EVERY_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const LOCK = 'sweep:verdicts';

/** Once a day on one node: the log gets its months to come and loses those that nobody has to keep, and so do calls about pictures. A round that failed is tried again at the next look. */
@Injectable()
export class RetentionJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(private readonly months: VerdictMonths, private readonly media: MediaRetention, @Inject(REDIS) private readonly redis: Redis, @Inject(LOGGER) private readonly logger: Logger) {
    this.rounds = new Rounds({ everyMs: EVERY_MS, firstMs: 0, work: () => this.sweep(), logger: this.logger, fault: 'the months of the verdict log could not be looked after' });
  }

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.end();
  }

  private async sweep(): Promise<void> {
    if ((await this.redis.set(LOCK, '1', 'PX', DAY_MS - EVERY_MS, 'NX')) === null) return;
    try {
      await this.months.makeAhead();
      const { months, rows } = await this.months.expire(this.rounds.stopping);
      const calls = await this.media.expire(this.rounds.stopping);
      if (months + rows + calls > 0) this.logger.info({ months, rows, calls }, 'old verdicts were removed');
    } catch (error) {
      await this.redis.del(LOCK).catch(() => undefined);
      throw error;
    }
  }
}
