import { Inject, Injectable } from '@nestjs/common';
import { DelayedError, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { patientOptions } from '../../platform/redis/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { delay, now } from '../../platform/values/index.js';
import { ChannelService } from '../channels/channel.service.js';
import type { Grant, GrantHandler } from './grant.js';
import { QUEUE_PREFIX, RUN_QUEUE } from './dispatcher.service.js';
import type { Ticket } from './ticket.js';

/** A worker that died is noticed after this long without a renewal of its locks. */
const LOCK_MS = 10_000;
const STALLED_CHECK_MS = 5_000;

/** Takes tickets out of the queue and gives each to the handler that chat registered. */
@Injectable()
export class DispatchJob {
  private worker: Worker<Ticket> | undefined;
  private connection: Redis | undefined;
  private readonly holds = new Map<string, AbortController>();

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly channels: ChannelService,
  ) {}

  /** Starts to take tickets. Called once, at start, where the role has a worker. */
  async serve(handler: GrantHandler): Promise<void> {
    this.connection = new Redis(this.config.redis.url, { ...patientOptions(), lazyConnect: false });
    this.connection.on('error', (error: Error) => this.logger.debug({ reason: error.message }, 'redis of the worker is away'));
    this.worker = new Worker<Ticket>(RUN_QUEUE, (job, token) => this.take(job, token, handler), {
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
    this.worker.on('lockRenewalFailed', (ids: string[]) => ids.forEach((id) => this.holds.get(id)?.abort(new Error('the lock of the ticket was lost'))));
    await this.worker.waitUntilReady();
    this.worker.run().catch((error: unknown) => this.logger.error(errorFields(error), 'queue worker ended'));
  }

  /** Takes no further tickets; resolves at once, the running ones go on. */
  async pause(): Promise<void> {
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
    this.connection?.disconnect();
  }

  private async take(job: Job<Ticket>, token: string | undefined, handler: GrantHandler): Promise<void> {
    const hold = new AbortController();
    this.holds.set(job.data.runId, hold);
    const waitedMs = Math.max(0, now() - job.data.submittedAt);
    this.metrics.queueWait.observe(waitedMs / 1000);
    this.metrics.activeRuns.inc();
    try {
      const outcome = await handler(this.grant(job.data, waitedMs, hold.signal));
      if (outcome === 'hand_over') {
        await job.moveToDelayed(now() + 50, token);
        throw new DelayedError();
      }
    } finally {
      this.metrics.activeRuns.dec();
      this.holds.delete(job.data.runId);
    }
  }

  private grant(ticket: Ticket, waitedMs: number, lost: AbortSignal): Grant {
    return { runId: ticket.runId, tenantId: ticket.tenantId, waitedMs, lost, open: (request, signal) => this.channels.open(request, signal) };
  }
}
