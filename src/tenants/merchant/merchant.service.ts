import { Injectable } from '@nestjs/common';
import type { PlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { CredentialService } from '../credentials/credential.service.js';
import { TenantService } from '../tenant/tenant.service.js';
import { checkMerchant, type Merchant, type MerchantDraft } from './merchant.js';
import { MerchantRepository } from './merchant.repository.js';

/** Tenants' accounts with WeChat Pay, for platform staff: what is secret goes in and never comes out. */
@Injectable()
export class MerchantService {
  constructor(
    private readonly database: Database,
    private readonly repository: MerchantRepository,
    private readonly credentials: CredentialService,
    private readonly tenants: TenantService,
  ) {}

  /** @throws not_found when there is no such tenant, or it has no account yet. */
  async read(ctx: PlatformContext, tenantId: string): Promise<Merchant> {
    await this.tenants.read(ctx, tenantId);
    const merchant = await this.database.readPlatform(ctx, (tx) => this.repository.read(tx, tenantId));
    if (merchant === undefined) throw new DomainError('not_found', { param: 'id', message: '该租户尚未配置微信支付商户号 (this tenant has no merchant account yet)' });
    return merchant;
  }

  /**
   * Enters or replaces the account; payments use it within a second on every node.
   * @throws not_found, invalid_request (the field; also a secret that is missing where none was kept before)
   */
  async put(ctx: PlatformContext, tenantId: string, draft: MerchantDraft): Promise<Merchant> {
    await this.tenants.read(ctx, tenantId);
    const checked = checkMerchant(draft);
    await this.database.inPlatform(ctx, async (tx) => {
      const before = await this.repository.read(tx, tenantId);
      if (before === undefined && draft.privateKey === undefined) throw new DomainError('invalid_request', { param: 'private_key', message: 'private_key is needed: none is kept yet' });
      if (before === undefined && draft.apiV3Key === undefined) throw new DomainError('invalid_request', { param: 'api_v3_key', message: 'api_v3_key is needed: none is kept yet' });
      await this.repository.put(tx, tenantId, checked);
      if (draft.privateKey !== undefined) await this.credentials.set(tx, tenantId, 'wechatpay_private_key', draft.privateKey);
      if (draft.apiV3Key !== undefined) await this.credentials.set(tx, tenantId, 'wechatpay_api_v3_key', draft.apiV3Key);
    });
    await this.tenants.announce(tenantId);
    return this.read(ctx, tenantId);
  }

  /** Tenants that can be paid. */
  async tenantIds(ctx: PlatformContext): Promise<readonly string[]> {
    return this.database.readPlatform(ctx, (tx) => this.repository.tenantIds(tx));
  }
}
