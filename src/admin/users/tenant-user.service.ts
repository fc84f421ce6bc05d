import { Injectable } from '@nestjs/common';
import { UserService, type User } from '../../identity/index.js';
import { BanService, type PendingBan } from '../../moderation/index.js';
import { enterTenant, type PlatformContext, type RequestContext } from '../../platform/context/index.js';
import type { Page } from '../../platform/values/index.js';
import { TenantService } from '../../tenants/index.js';

/** Platform staff's way into the users of one tenant. The rules are identity's. */
@Injectable()
export class TenantUserService {
  constructor(private readonly tenants: TenantService, private readonly users: UserService, private readonly bans: BanService) {}

  /** Newest first. @throws not_found (param `id`), invalid_request */
  async list(ctx: PlatformContext, tenantId: string, query: { readonly cursor?: string | undefined; readonly limit: number }): Promise<Page<User>> {
    return this.users.list(await this.enter(ctx, tenantId), query);
  }

  /** @throws not_found (param `id` or `user_id`) */
  async setStanding(ctx: PlatformContext, tenantId: string, userId: string, wish: { readonly standing: 'active' | 'banned'; readonly reason?: string | undefined }): Promise<{ readonly user: User; readonly pending: PendingBan | undefined }> {
    const inside = await this.enter(ctx, tenantId);
    const pending = wish.standing === 'banned' ? await this.bans.ban(inside, userId, wish.reason) : await this.bans.unban(inside, userId);
    return { user: await this.users.find(inside, userId), pending };
  }

  private async enter(ctx: PlatformContext, tenantId: string): Promise<RequestContext> {
    const tenant = await this.tenants.read(ctx, tenantId);
    return enterTenant(ctx, tenant.id);
  }
}
