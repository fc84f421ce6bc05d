import { Injectable } from '@nestjs/common';
import { systemContext, systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { newId, now } from '../../platform/values/index.js';
import { DEFAULT_POLICY } from '../policy/policy.js';
import { PolicyRepository } from '../policy/policy.repository.js';
import { MediaCallRepository } from './media.repository.js';

const DAY_MS = 86_400_000;
/** Rows that one transaction removes. */
const BATCH = 5_000;

/** The end of what is kept of calls about pictures and sounds. What was judged, and how, stands in the checks themselves. */
@Injectable()
export class MediaRetention {
  constructor(private readonly database: Database, private readonly calls: MediaCallRepository, private readonly policies: PolicyRepository) {}

  /** Removes what is older than each tenant keeps it: `retention_days`, as of the log of judgements. @returns how many rows */
  async expire(signal: AbortSignal): Promise<number> {
    const ctx = systemPlatformContext('media retention', newId());
    const retentions = await this.database.readPlatform(ctx, (tx) => this.policies.retentions(tx));
    const tenants = await this.database.readPlatform(ctx, (tx) => this.calls.tenantsBefore(tx, daysAgo(DEFAULT_POLICY.retentionDays)));
    let rows = 0;
    for (const tenantId of tenants) rows += await this.expireTenant(tenantId, daysAgo(retentions.get(tenantId) ?? DEFAULT_POLICY.retentionDays), signal);
    return rows;
  }

  private async expireTenant(tenantId: string, before: Date, signal: AbortSignal): Promise<number> {
    const ctx = systemContext(tenantId, 'media retention', newId());
    let rows = 0;
    for (let gone = BATCH; gone === BATCH && !signal.aborted; rows += gone) gone = await this.database.inTenant(ctx, (tx) => this.calls.removeBefore(tx, before, BATCH));
    return rows;
  }
}

function daysAgo(days: number): Date {
  return new Date(now() - days * DAY_MS);
}
