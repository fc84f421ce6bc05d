import { Module } from '@nestjs/common';
import { CONFIG, type Config } from '../platform/config/index.js';
import { Sealer } from '../platform/crypto/index.js';
import { WechatModule } from '../wechat/index.js';
import { PublicController } from './branding/public.controller.js';
import { CredentialRepository } from './credentials/credential.repository.js';
import { CredentialService } from './credentials/credential.service.js';
import { MerchantRepository } from './merchant/merchant.repository.js';
import { MerchantService } from './merchant/merchant.service.js';
import { NameLookup } from './tenant/name-lookup.service.js';
import { TenantOrigins } from './tenant/tenant-origins.service.js';
import { TenantRepository } from './tenant/tenant.repository.js';
import { TenantService } from './tenant/tenant.service.js';
import { AccessTokenRepository } from './wechat/access-token.repository.js';
import { AccessTokens } from './wechat/access-tokens.service.js';
import { TenantApps } from './wechat/tenant-apps.service.js';
import { TenantPay } from './wechat/tenant-pay.service.js';
import { TenantPush } from './wechat/tenant-push.service.js';
import { TenantWechat } from './wechat/tenant-wechat.service.js';

@Module({
  imports: [WechatModule],
  controllers: [PublicController],
  providers: [
    { provide: Sealer, inject: [CONFIG], useFactory: (config: Config) => new Sealer(config.masterKeys) },
    AccessTokenRepository,
    AccessTokens,
    CredentialRepository,
    CredentialService,
    MerchantRepository,
    MerchantService,
    NameLookup,
    TenantApps,
    TenantOrigins,
    TenantPay,
    TenantPush,
    TenantRepository,
    TenantService,
    TenantWechat,
  ],
  exports: [MerchantService, TenantOrigins, TenantPay, TenantPush, TenantService, TenantWechat],
})
export class TenantsModule {}
