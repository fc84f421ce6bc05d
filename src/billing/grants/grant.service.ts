import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { nowDate } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';
import { grantsDue, type Grant } from './grants.js';

/** Which free credits a user is to be given now. The database grants each once; this only spares it the asking. */
@Injectable()
export class GrantService {
  private readonly given = new LRUCache<string, true>({ max: 100_000 });

  constructor(private readonly tenants: TenantService) {}

  /** Those that this process has not seen given yet. */
  async due(tenantId: string, userId: string): Promise<readonly Grant[]> {
    const settings = await this.tenants.settingsOf(tenantId);
    if (settings.signupCredits === 0 && settings.dailyFreeCredits === 0) return [];
    const rules = { signupCredits: BigInt(settings.signupCredits), signupDays: settings.signupCreditsDays, dailyCredits: BigInt(settings.dailyFreeCredits) };
    return grantsDue(rules, nowDate()).filter((grant) => !this.given.has(keyOf(tenantId, userId, grant)));
  }

  /** To be told once the transaction that gave them is over. */
  remember(tenantId: string, userId: string, grants: readonly Grant[]): void {
    for (const grant of grants) this.given.set(keyOf(tenantId, userId, grant), true);
  }
}

/** As the SQL functions take it. */
export function grantRow(grant: Grant): Record<string, unknown> {
  return { key: grant.key, amount: grant.amount.toString(), reason: grant.reason, expires_at: grant.expiresAt?.toISOString() ?? null };
}

function keyOf(tenantId: string, userId: string, grant: Grant): string {
  return `${tenantId}:${userId}:${grant.key}`;
}
