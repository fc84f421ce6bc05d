import { Injectable } from '@nestjs/common';
import { enterTenant, type PlatformContext, type RequestContext } from '../platform/context/index.js';
import { TenantService } from '../tenants/index.js';

/** Platform staff's way into one tenant, for every resource below `tenants/:id`. */
@Injectable()
export class EnterTenant {
  constructor(private readonly tenants: TenantService) {}

  /** @throws not_found (param `id`) */
  async enter(ctx: PlatformContext, tenantId: string): Promise<RequestContext> {
    const tenant = await this.tenants.read(ctx, tenantId);
    return enterTenant(ctx, tenant.id);
  }
}
