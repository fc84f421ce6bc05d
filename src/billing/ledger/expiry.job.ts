import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { systemContext, systemPlatformContext } from '../../platform/context/index.js';
import { Database, type TenantTx } from '../../platform/database/index.js';
import { REDIS } from '../../platform/redis/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { newId } from '../../platform/values/index.js';
import { LedgerRepository } from './ledger.repository.js';

const EVERY_MS = 30_000;
const BATCH = 500;

/**
 * Ends what has an end: holds that nobody resolved are released, free credits
 * that nobody used are taken back. Runs settle their own holds long before; what
 * is found here is the last net. One node at a time, but more would do no harm.
 */
@Injectable()
export class ExpiryJob implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(REDIS) private readonly redis: Redis,
    @Inject(LOGGER) private readonly logger: Logger,
    private readonly database: Database,
    private readonly repository: LedgerRepository,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.sweep().catch((error: unknown) => this.logger.warn(errorFields(error), 'expiring holds and grants failed'));
    }, EVERY_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  async sweep(): Promise<void> {
    if ((await this.redis.set('sweep:ledger', '1', 'PX', EVERY_MS - 1_000, 'NX')) === null) return;
    const ctx = systemPlatformContext('expiry', newId());
    const holds = await this.database.inPlatform(ctx, (tx) => this.repository.overdueHolds(tx, BATCH));
    await this.each(holds, (tx, ids) => this.repository.expireHolds(tx, ids));
    const grants = await this.database.inPlatform(ctx, (tx) => this.repository.overdueGrants(tx, BATCH));
    await this.each(grants, (tx, ids) => this.repository.expireGrants(tx, ids));
  }

  private async each(found: readonly { readonly tenantId: string; readonly id: string }[], end: (tx: TenantTx, ids: readonly string[]) => Promise<number>): Promise<void> {
    for (const tenantId of new Set(found.map((row) => row.tenantId))) {
      const ids = found.filter((row) => row.tenantId === tenantId).map((row) => row.id);
      await this.database.inTenant(systemContext(tenantId, 'expiry', newId()), (tx) => end(tx, ids));
    }
  }
}
