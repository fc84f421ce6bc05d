import { Injectable, type OnModuleInit } from '@nestjs/common';
import { enterTenant, systemPlatformContext } from '../../platform/context/index.js';
import { Bus, NewsCache } from '../../platform/redis/index.js';
import { newId } from '../../platform/values/index.js';
import { CredentialService } from '../credentials/credential.service.js';
import { TENANTS_CHANGED, TenantService } from '../tenant/tenant.service.js';
import type { TenantApp } from './tenant-app.js';

/** The tenants' mini-programs. Kept in this process's memory, since every message is checked with one; a change is known within a second. */
@Injectable()
export class TenantApps implements OnModuleInit {
  private readonly apps: NewsCache<{ readonly app: TenantApp | undefined }>;

  constructor(private readonly tenants: TenantService, private readonly credentials: CredentialService, bus: Bus) {
    this.apps = new NewsCache(bus, { channel: TENANTS_CHANGED, max: 2_000, ttlMs: 60_000, staleBy: (tenantId) => ({ key: tenantId }) });
  }

  async onModuleInit(): Promise<void> {
    await this.apps.follow();
  }

  /** Undefined when the tenant has no AppID. @throws not_found */
  async of(tenantId: string): Promise<TenantApp | undefined> {
    return (await this.apps.get(tenantId, async () => ({ app: await this.load(tenantId) }))).app;
  }

  private async load(tenantId: string): Promise<TenantApp | undefined> {
    const { appId } = await this.tenants.byId(tenantId);
    if (appId === undefined) return undefined;
    const inside = enterTenant(systemPlatformContext('wechat app', newId()), tenantId);
    const { app_secret: appSecret, push_token: token, push_aes_key: aesKey } = await this.credentials.openSome(inside, ['app_secret', 'push_token', 'push_aes_key']);
    return Object.freeze({ tenantId, appId, appSecret, push: token === undefined ? undefined : { appId, token, aesKey } });
  }
}
