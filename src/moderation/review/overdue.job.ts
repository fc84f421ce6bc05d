import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { Rounds } from '../../platform/lifecycle/index.js';
import { LOGGER, Metrics, type Logger } from '../../platform/telemetry/index.js';
import { newId } from '../../platform/values/index.js';
import { REVIEW_KINDS } from './review.js';
import { ReviewRepository, type OpenReviews } from './review.repository.js';

const EVERY_MS = 10 * 60_000;
const FIRST_MS = 30_000;
/** Most items that are counted, those first that are due first: a queue that nobody works at must not slow the reading of metrics. */
const MOST_COUNTED = 10_000;

/** Makes a queue seen that nobody works at: gauges for those who watch, and a warning in the log every ten minutes while anything is overdue. */
@Injectable()
export class OverdueJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(private readonly database: Database, private readonly reviews: ReviewRepository, private readonly metrics: Metrics, @Inject(LOGGER) private readonly logger: Logger) {
    this.rounds = new Rounds({ everyMs: EVERY_MS, firstMs: FIRST_MS, work: () => this.warn(), logger, fault: 'overdue reviews could not be looked for' });
  }

  onApplicationBootstrap(): void {
    this.metrics.beforeRead(() => this.measure());
    this.rounds.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.end();
  }

  /** One line, however many there are. */
  private async warn(): Promise<void> {
    const overdue = (await this.open()).filter((each) => each.overdue > 0);
    if (overdue.length > 0) this.logger.warn({ overdue: Object.fromEntries(overdue.map(({ kind, overdue: count }) => [kind, count])) }, 'reviews are overdue');
  }

  private async measure(): Promise<void> {
    const found = await this.open();
    for (const kind of REVIEW_KINDS) {
      const { open, overdue } = found.find((each) => each.kind === kind) ?? { open: 0, overdue: 0 };
      this.metrics.reviewsOpen.set({ kind }, open);
      this.metrics.reviewsOverdue.set({ kind }, overdue);
    }
  }

  private async open(): Promise<readonly OpenReviews[]> {
    return this.database.readPlatform(systemPlatformContext('overdue reviews', newId()), (tx) => this.reviews.countOpen(tx, MOST_COUNTED));
  }
}
