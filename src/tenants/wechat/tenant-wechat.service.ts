import { Injectable } from '@nestjs/common';
import { enterTenant, systemPlatformContext } from '../../platform/context/index.js';
import { newId } from '../../platform/values/index.js';
import { WechatApi, WechatError, type WechatSession } from '../../wechat/index.js';
import { CredentialService } from '../credentials/credential.service.js';
import { TenantService } from '../tenant/tenant.service.js';

/** WeChat on behalf of a tenant. Nobody above holds its AppSecret, or a user's session_key. */
@Injectable()
export class TenantWechat {
  constructor(private readonly tenants: TenantService, private readonly credentials: CredentialService, private readonly api: WechatApi) {}

  /**
   * Exchanges a `wx.login` code with the tenant's credentials.
   * @throws WechatError; `bad_credentials` also where the tenant has none yet.
   */
  async code2session(tenantId: string, code: string, signal?: AbortSignal): Promise<Omit<WechatSession, 'sessionKey'>> {
    const { appId } = await this.tenants.byId(tenantId);
    const appSecret = await this.credentials.open(enterTenant(systemPlatformContext('wechat login', newId()), tenantId), 'app_secret');
    if (appId === undefined || appSecret === undefined) throw new WechatError('bad_credentials', 'the tenant has no app_id or no app_secret');
    const { openid, unionid } = await this.api.code2session({ appId, appSecret, code }, signal);
    return { openid, unionid };
  }
}
