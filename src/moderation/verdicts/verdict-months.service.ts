import { Injectable } from '@nestjs/common';
import { systemContext, systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { newId, now } from '../../platform/values/index.js';
import { DEFAULT_POLICY } from '../policy/policy.js';
import { PolicyRepository } from '../policy/policy.repository.js';
import { isOverBy, monthsFrom } from './months.js';
import { VerdictRepository } from './verdict.repository.js';

/** This month and the next two. */
const MONTHS_AHEAD = 3;
const DAY_MS = 86_400_000;
/** Rows that one transaction removes. */
const BATCH = 5_000;

/** The months of the log: made before they come, and ended when nobody has to keep them. */
@Injectable()
export class VerdictMonths {
  constructor(private readonly database: Database, private readonly repository: VerdictRepository, private readonly policies: PolicyRepository) {}

  /** Makes what is missing of the months to come. Several at once do no harm. */
  async makeAhead(): Promise<void> {
    await this.database.inPlatform(systemPlatformContext('verdict months', newId()), (tx) => this.repository.makeMonths(tx, monthsFrom(now(), MONTHS_AHEAD)));
  }

  /**
   * Ends what is older than each tenant keeps it: whole months where no tenant keeps them any more, else row by row.
   * @returns how much went
   */
  async expire(signal: AbortSignal): Promise<{ readonly months: number; readonly rows: number }> {
    const ctx = systemPlatformContext('verdict retention', newId());
    const retentions = await this.database.readPlatform(ctx, (tx) => this.policies.retentions(tx));
    const longest = Math.max(DEFAULT_POLICY.retentionDays, ...retentions.values());
    const months = await this.dropMonths(now() - longest * DAY_MS, signal);
    const tenants = await this.database.readPlatform(ctx, (tx) => this.repository.tenantsBefore(tx, new Date(now() - DEFAULT_POLICY.retentionDays * DAY_MS)));
    let rows = 0;
    for (const tenantId of tenants) rows += await this.expireTenant(tenantId, now() - (retentions.get(tenantId) ?? DEFAULT_POLICY.retentionDays) * DAY_MS, signal);
    return { months, rows };
  }

  private async dropMonths(before: number, signal: AbortSignal): Promise<number> {
    const ctx = systemPlatformContext('verdict retention', newId());
    const over = (await this.database.readPlatform(ctx, (tx) => this.repository.months(tx))).filter((month) => isOverBy(month, before));
    let dropped = 0;
    for (const month of over) {
      if (signal.aborted) break;
      if (await this.database.inPlatform(ctx, (tx) => this.repository.dropMonth(tx, month))) dropped += 1;
    }
    return dropped;
  }

  private async expireTenant(tenantId: string, before: number, signal: AbortSignal): Promise<number> {
    const ctx = systemContext(tenantId, 'verdict retention', newId());
    let rows = 0;
    for (let gone = BATCH; gone === BATCH && !signal.aborted; rows += gone) gone = await this.database.inTenant(ctx, (tx) => this.repository.expire(tx, new Date(before), BATCH));
    return rows;
  }
}
