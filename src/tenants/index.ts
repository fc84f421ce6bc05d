import { CredentialEntity } from './credentials/credential.entity.js';
import { TenantDomainEntity, TenantEntity } from './tenant/tenant.entity.js';

export { resealCredentials } from './credentials/reseal.service.js';
export type { Merchant, MerchantDraft } from './merchant/merchant.js';
export { MerchantService } from './merchant/merchant.service.js';
export { TERMS_VERSION, type Compliance, type LabelFreeTerms } from './settings/compliance.js';
export { aliasesOn, shownModel, type ModelAlias, type ModelAliases } from './settings/model-aliases.js';
export { CACHE_SCOPES, type CacheScope, type ResponseCacheSettings } from './settings/settings.js';
export type { QueueSettings, RunLimit, TenantSettings, TopupPricing } from './settings/settings.js';
export { Hints, tenantHintsOf } from './tenant/tenant-hints.decorator.js';
export { APP_ID, DOMAIN, SLUG, type Tenant, type TenantChange, type TenantDraft, type TenantHints, type TenantState } from './tenant/tenant.js';
export { TenantOrigins } from './tenant/tenant-origins.service.js';
export { TENANTS_CHANGED, TenantService } from './tenant/tenant.service.js';
export { TenantsModule } from './tenants.module.js';
export { TenantPay, type TenantPayAccount } from './wechat/tenant-pay.service.js';
export { TenantPush } from './wechat/tenant-push.service.js';
export { TenantWechat } from './wechat/tenant-wechat.service.js';

/** For the data source of the composition only. */
export const TENANTS_ENTITIES = [TenantEntity, TenantDomainEntity, CredentialEntity];
