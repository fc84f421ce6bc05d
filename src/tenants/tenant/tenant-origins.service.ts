import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../../platform/config/index.js';
import type { TenantHints } from './tenant.js';
import { TenantService } from './tenant.service.js';

/** An origin of a tenant's page: its domain by https, without a port. */
const PAGE_ORIGIN = /^https:\/\/([^/:]{1,253})$/;

/** Which web pages may call: the platform's own, and those on a tenant's domains, for their own tenant. */
@Injectable()
export class TenantOrigins {
  private readonly own: string;

  constructor(@Inject(CONFIG) config: Config, private readonly tenants: TenantService) {
    this.own = new URL(config.http.publicUrl).origin;
  }

  /**
   * A preflight carries neither token nor `X-Tenant`, so there the origin alone says which tenant it is.
   * @param hints of the request: neither the slug nor the host may name another tenant than the origin does.
   */
  async allows(origin: string, hints: TenantHints): Promise<boolean> {
    if (origin === this.own) return true;
    const page = PAGE_ORIGIN.exec(origin)?.[1];
    const tenant = page === undefined ? undefined : await this.tenants.resolve({ host: page });
    if (tenant === undefined) return false;
    const named = await Promise.all([
      hints.slug === undefined ? tenant : this.tenants.resolve({ slug: hints.slug }),
      hints.host === undefined ? tenant : this.tenants.resolve({ host: hints.host }).then((byHost) => byHost ?? tenant),
    ]);
    return named.every((each) => each?.id === tenant.id);
  }
}
