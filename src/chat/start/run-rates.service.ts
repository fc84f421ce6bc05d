import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../platform/context/index.js';
import { RateLimits } from '../../identity/index.js';
import { TenantService } from '../../tenants/index.js';

/** How many answers tenant, user and key may begin in a minute, as far as the tenant's plan says so. */
@Injectable()
export class RunRates {
  constructor(private readonly limits: RateLimits, private readonly tenants: TenantService) {}

  /** Counts one more. @throws DomainError `rate_limited` with the time to wait; `unavailable` when Redis is away and there is a limit. */
  async take(ctx: RequestContext): Promise<void> {
    const { queue } = await this.tenants.settingsOf(ctx.tenantId);
    const { actor } = ctx;
    if (actor.kind === 'user' && actor.via === 'api_key') await this.one(ctx, 'key', queue.apiKey.perMinute, actor.credentialId);
    if (actor.kind === 'user') await this.one(ctx, 'user', queue.user.perMinute, actor.userId);
    await this.one(ctx, 'tenant', queue.tenant.perMinute, 'all');
  }

  private async one(ctx: RequestContext, who: string, points: number | undefined, name: string): Promise<void> {
    // The number is part of the name: a limit that was changed counts anew.
    if (points !== undefined) await this.limits.takeNamed({ name: `runs-${who}-${points}`, points, seconds: 60 }, ctx.tenantId, name);
  }
}
