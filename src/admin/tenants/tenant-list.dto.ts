import type { Page } from '../../platform/values/index.js';
import type { Tenant } from '../../tenants/index.js';
import { TenantDto } from './tenant.dto.js';

/** A page of tenants, newest first. */
export class TenantListDto {
  data!: TenantDto[];
  next_cursor!: string | null;

  static of(page: Page<Tenant>): TenantListDto {
    return { data: page.data.map((tenant) => TenantDto.of(tenant)), next_cursor: page.nextCursor ?? null };
  }
}
