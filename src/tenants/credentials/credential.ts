import type { SealPlace } from '../../platform/crypto/index.js';

/** Secrets of a tenant that are kept sealed. The API takes them and never gives them. */
export type CredentialField = 'app_secret' | 'push_token' | 'push_aes_key' | 'wechatpay_private_key' | 'wechatpay_api_v3_key';

/** What the seal binds: this tenant's secret does not open as another's, nor as another field. */
export function sealPlace(tenantId: string, field: CredentialField): SealPlace {
  return { tenantId, row: tenantId, field };
}
