import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { Rounds } from '../../platform/lifecycle/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import { newId } from '../../platform/values/index.js';
import { OrderRepository } from '../orders/order.repository.js';
import { RefundQueryService } from '../refunds/refund-query.service.js';
import { RefundRepository } from '../refunds/refund.repository.js';
import { OrderQueryService } from './order-query.service.js';

const EVERY_MS = 1_000;
/** Asked about at once by this process. */
const BATCH = 20;
/** Nobody else takes one up for so long; a process that dies with it leaves it to the next after that. */
const LEASE_MS = 60_000;
const TURN_MS = 30_000;

/** Gives orders and refunds their turns. Every worker does; each row is taken by one of them. */
@Injectable()
export class QueryJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly rounds: Rounds;

  constructor(
    private readonly database: Database,
    private readonly orders: OrderRepository,
    private readonly refunds: RefundRepository,
    private readonly orderQueries: OrderQueryService,
    private readonly refundQueries: RefundQueryService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.rounds = new Rounds({ everyMs: EVERY_MS, work: () => this.turns(), logger: this.logger, fault: 'asking about payments failed' });
  }

  onApplicationBootstrap(): void {
    this.rounds.begin();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.rounds.end();
  }

  private async turns(): Promise<void> {
    const ctx = systemPlatformContext('payment queries', newId());
    const orders = await this.database.inPlatform(ctx, (tx) => this.orders.takeDue(tx, BATCH, LEASE_MS));
    const refunds = await this.database.inPlatform(ctx, (tx) => this.refunds.takeDue(tx, BATCH, LEASE_MS));
    await Promise.allSettled([
      ...orders.map(({ tenantId, id }) => this.orderQueries.turn(tenantId, id, this.signal())),
      ...refunds.map(({ tenantId, id }) => this.refundQueries.turn(tenantId, id, this.signal())),
    ]);
  }

  private signal(): AbortSignal {
    return AbortSignal.any([this.rounds.stopping, AbortSignal.timeout(TURN_MS)]);
  }
}
