import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { systemContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { newId } from '../../platform/values/index.js';
import { ApiKeyRepository } from './api-key.repository.js';

const ONCE_MS = 60_000;
const FLUSH_MS = 1_000;
/** Keys noted at once; beyond it a use goes unrecorded rather than memory growing. */
const MOST = 10_000;

/** Records when keys were last used, at most once a minute each, in the background: a use never waits for it, and a lost one does no harm. */
@Injectable()
export class KeyUsageService implements OnApplicationShutdown {
  private readonly noted = new LRUCache<string, true>({ max: MOST, ttl: ONCE_MS });
  private pending = new Map<string, string>();
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> | undefined;

  constructor(private readonly database: Database, private readonly repository: ApiKeyRepository, @Inject(LOGGER) private readonly logger: Logger) {}

  note(tenantId: string, keyId: string): void {
    if (this.noted.has(keyId) || this.pending.size >= MOST) return;
    this.noted.set(keyId, true);
    this.pending.set(keyId, tenantId);
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.flushing;
    const pending = this.pending;
    this.pending = new Map();
    this.flushing = this.write(pending);
    await this.flushing;
  }

  private async write(pending: ReadonlyMap<string, string>): Promise<void> {
    for (const [tenantId, entries] of Map.groupBy(pending, ([, tenantId]) => tenantId)) {
      const ids = entries.map(([keyId]) => keyId);
      await this.database
        .inTenant(systemContext(tenantId, 'key usage', newId()), (tx) => this.repository.touch(tx, ids))
        .catch((error: unknown) => this.logger.warn({ tenant: tenantId, ...errorFields(error) }, 'the last use of API keys could not be written'));
    }
  }
}
