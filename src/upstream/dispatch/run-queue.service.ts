import { Inject, Injectable } from '@nestjs/common';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { REDIS } from '../../platform/redis/index.js';
import type { Lease } from '../admission/lease.js';
import type { Ticket } from './ticket.js';

export const RUN_QUEUE = 'runs';
/** The braces keep all keys of the queue in one slot of a Redis Cluster. */
export const QUEUE_PREFIX = '{bailiao}';

/** What a worker is handed: a ticket whose turn has come, and the leave it was given. */
export interface HandedTicket {
  readonly ticket: Ticket;
  /** Absent for one that another worker gave up: it asks the gate again. */
  readonly lease?: Lease;
}

/** The BullMQ queue that carries admitted runs to the workers. Job id = run id: handing one over twice is the same as once. */
@Injectable()
export class RunQueue {
  private readonly queue: Queue<HandedTicket>;

  constructor(@Inject(REDIS) redis: Redis) {
    this.queue = new Queue<HandedTicket>(RUN_QUEUE, {
      connection: redis,
      prefix: QUEUE_PREFIX,
      skipWaitingForReady: true,
      skipMetasUpdate: true,
      streams: { events: { maxLen: 100 } },
      defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
    });
    this.queue.on('error', () => undefined);
  }

  async hand(tickets: readonly HandedTicket[]): Promise<void> {
    if (tickets.length === 0) return;
    await this.queue.addBulk(tickets.map((data) => ({ name: 'run', data, opts: { jobId: data.ticket.runId } })));
  }

  /** Takes back a run that no worker has begun; one that was begun is left alone. @returns what was taken back */
  async withdraw(runId: string): Promise<HandedTicket | undefined> {
    try {
      const job = await this.queue.getJob(runId);
      return (await this.queue.remove(runId)) === 1 ? job?.data : undefined;
    } catch {
      return undefined;
    }
  }

  /** Handed over and not begun yet. Throws when Redis can't be reached. */
  async waiting(): Promise<number> {
    return this.queue.getWaitingCount();
  }
}
