import { Injectable } from '@nestjs/common';
import { enterTenant, systemPlatformContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { Bus, NewsCache } from '../../platform/redis/index.js';
import { newId, nowDate } from '../../platform/values/index.js';
import { WechatPayClients, verifyNotice, type WechatPay, type WechatPayMerchant, type WechatPayNotice } from '../../wechat/index.js';
import { CredentialService } from '../credentials/credential.service.js';
import { MerchantRepository } from '../merchant/merchant.repository.js';
import { TENANTS_CHANGED, TenantService } from '../tenant/tenant.service.js';

/** WeChat Pay as one tenant's merchant, and the two names that a payment is compared with. */
export interface TenantPayAccount {
  readonly appId: string;
  readonly merchantId: string;
  readonly pay: WechatPay;
}

/** WeChat Pay on behalf of a tenant. Nobody above holds a merchant key. */
@Injectable()
export class TenantPay {
  private readonly merchants: NewsCache<{ readonly merchant: WechatPayMerchant | undefined }>;

  constructor(
    private readonly database: Database,
    private readonly tenants: TenantService,
    private readonly repository: MerchantRepository,
    private readonly credentials: CredentialService,
    private readonly clients: WechatPayClients,
    bus: Bus,
  ) {
    this.merchants = new NewsCache(bus, { channel: TENANTS_CHANGED, max: 1_000, ttlMs: 60_000, staleBy: (tenantId) => ({ key: tenantId }) });
  }

  async onModuleInit(): Promise<void> {
    await this.merchants.follow();
  }

  /** @throws unavailable when the tenant can't be paid yet */
  async account(tenantId: string): Promise<TenantPayAccount> {
    const merchant = await this.merchant(tenantId);
    return { appId: merchant.appId, merchantId: merchant.merchantId, pay: this.clients.forMerchant(merchant) };
  }

  /** What a letter to this tenant's address really says. @throws unavailable; NoticeRefused when it is not WeChat's word to this merchant */
  async verify(tenantId: string, headers: Readonly<Record<string, string | string[] | undefined>>, rawBody: Buffer): Promise<WechatPayNotice> {
    return verifyNotice(await this.merchant(tenantId), headers, rawBody, nowDate());
  }

  private async merchant(tenantId: string): Promise<WechatPayMerchant> {
    const { merchant } = await this.merchants.get(tenantId, async () => ({ merchant: await this.load(tenantId) }));
    if (merchant === undefined) throw new DomainError('unavailable', { message: '该服务尚未开通微信支付 (WeChat Pay is not set up for this service yet)' });
    return merchant;
  }

  private async load(tenantId: string): Promise<WechatPayMerchant | undefined> {
    const ctx = systemPlatformContext('wechat pay', newId());
    const { appId } = await this.tenants.byId(tenantId);
    const merchant = await this.database.readPlatform(ctx, (tx) => this.repository.read(tx, tenantId));
    const inside = enterTenant(ctx, tenantId);
    const privateKeyPem = await this.credentials.open(inside, 'wechatpay_private_key');
    const apiV3Key = await this.credentials.open(inside, 'wechatpay_api_v3_key');
    if (appId === undefined || merchant === undefined || privateKeyPem === undefined || apiV3Key === undefined) return undefined;
    const { merchantId, merchantSerial, wechatKeys, preferredSerial } = merchant;
    return { appId, merchantId, merchantSerial, privateKeyPem, apiV3Key, wechatKeys, preferredSerial };
  }
}
