import { Inject, Injectable } from '@nestjs/common';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { CONFIG, type Config } from '../../platform/config/index.js';
import type { RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { REDIS } from '../../platform/redis/index.js';
import { now } from '../../platform/values/index.js';
import type { Position, Ticket } from './ticket.js';

export const RUN_QUEUE = 'runs';
/** The braces keep all keys of the queue in one slot of a Redis Cluster. */
export const QUEUE_PREFIX = '{bailiao}';

/** How old a reading of the queue's length may be. */
const DEPTH_AGE_MS = 250;

/** Puts runs into the queue. */
@Injectable()
export class Dispatcher {
  private readonly queue: Queue<Ticket>;
  private depth = { waiting: 0, readAt: -DEPTH_AGE_MS, perSecond: 0 };
  private reading: Promise<void> | undefined;

  constructor(@Inject(CONFIG) private readonly config: Config, @Inject(REDIS) redis: Redis) {
    this.queue = new Queue<Ticket>(RUN_QUEUE, {
      connection: redis,
      prefix: QUEUE_PREFIX,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    });
    this.queue.on('error', () => undefined);
  }

  /**
   * Refuses before anything was stored when the queue is at its bound.
   * @throws DomainError `queue_full` with the time until there should be room; `unavailable` when Redis is away.
   */
  async checkRoom(_ctx: RequestContext): Promise<void> {
    if (performance.now() - this.depth.readAt > DEPTH_AGE_MS) await (this.reading ??= this.readDepth());
    if (this.depth.waiting >= this.config.runs.maxQueued) throw new DomainError('queue_full', { retryAfterMs: this.eta(Math.max(1, this.depth.waiting >> 3)) });
  }

  /** Job id = run id, so that submitting twice is the same as once. */
  async submit(ctx: RequestContext, runId: string): Promise<Position> {
    await this.queue.add('run', { runId, tenantId: ctx.tenantId, submittedAt: now() }, { jobId: runId });
    const position = this.depth.waiting === 0 ? 0 : this.depth.waiting + 1;
    return { position, etaMs: this.eta(position) };
  }

  /** Takes a run that no worker has begun out of the queue; one that was begun is left alone. */
  async withdraw(runId: string): Promise<void> {
    await this.queue.remove(runId).catch(() => undefined);
  }

  /** Throws when the queue can't be reached. */
  async ping(): Promise<void> {
    await this.queue.getWaitingCount();
  }

  async waiting(): Promise<number> {
    return this.queue.getWaitingCount();
  }

  private eta(position: number): number {
    return position === 0 ? 0 : Math.ceil((position / Math.max(1, this.depth.perSecond)) * 1000);
  }

  /** Reads the queue's length, and from its change the rate at which it is served. */
  private async readDepth(): Promise<void> {
    try {
      const waiting = await this.queue.getWaitingCount();
      const at = performance.now();
      const served = Math.max(0, this.depth.waiting - waiting) / Math.max(0.001, (at - this.depth.readAt) / 1000);
      this.depth = { waiting, readAt: at, perSecond: this.depth.perSecond * 0.8 + served * 0.2 };
    } finally {
      this.reading = undefined;
    }
  }
}
