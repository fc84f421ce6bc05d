import { Inject, Injectable } from '@nestjs/common';
import { DelayedError, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { patientOptions } from '../../platform/redis/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { delay, now } from '../../platform/values/index.js';
import type { GrantHandler } from './grant.js';
import { Grants } from './grants.service.js';
import { LeaseKeeper } from './lease-keeper.service.js';
import { QUEUE_PREFIX, RUN_QUEUE, type HandedTicket } from './run-queue.service.js';

/** A worker that died is noticed after this long without a renewal of its locks. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;

/** Takes admitted tickets out of the queue and gives each to the handler that chat registered. */
@Injectable()
export class DispatchJob {
  private worker: Worker<HandedTicket> | undefined;
  private connection: Redis | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly grants: Grants,
    private readonly keeper: LeaseKeeper,
  ) {}

  /** Starts to take tickets. Called once, at start, where the role has a worker. */
  async serve(handler: GrantHandler): Promise<void> {
    this.grants.register(handler);
    this.connection = new Redis(this.config.redis.url, { ...patientOptions(), lazyConnect: false });
    this.connection.on('error', (error: Error) => this.logger.debug({ reason: error.message }, 'redis of the worker is away'));
    this.worker = new Worker<HandedTicket>(RUN_QUEUE, (job, token) => this.take(job, token), {
      connection: this.connection,
      prefix: QUEUE_PREFIX,
      concurrency: this.config.runs.concurrency,
      lockDuration: LOCK_MS,
      stalledInterval: STALLED_CHECK_MS,
      maxStalledCount: 3,
      runRetryDelay: 500,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
      autorun: false,
    });
    this.worker.on('error', (error) => this.logger.warn(errorFields(error), 'queue worker'));
    this.worker.on('stalled', () => this.metrics.stalledRuns.inc());
    this.worker.on('lockRenewalFailed', (ids: string[]) => ids.forEach((id) => this.grants.lose(id)));
    await this.worker.waitUntilReady();
    await this.keeper.start();
    this.worker.run().catch((error: unknown) => this.logger.error(errorFields(error), 'queue worker ended'));
  }

  /** Takes no further runs; the running ones go on. */
  async pause(): Promise<void> {
    await this.keeper.pause();
    await this.worker?.pause(true);
  }

  /** Ends the worker once its tickets are done or handed over, at the latest after `ms`. */
  async close(ms: number): Promise<void> {
    const worker = this.worker;
    if (worker === undefined) return;
    this.worker = undefined;
    const cancel = new AbortController();
    await Promise.race([worker.close(), delay(ms, cancel.signal).catch(() => undefined)]).finally(() => cancel.abort());
    await worker.close(true).catch(() => undefined);
    this.keeper.stop();
    this.connection?.disconnect();
  }

  private async take(job: Job<HandedTicket>, token: string | undefined): Promise<void> {
    const { ticket, lease } = job.data;
    if ((await this.grants.serve(ticket, lease, { attempt: job.attemptsStarted })) !== 'hand_over') return;
    await job.moveToDelayed(now() + 50, token);
    throw new DelayedError();
  }
}
