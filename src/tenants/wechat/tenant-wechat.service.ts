import { Injectable } from '@nestjs/common';
import { WechatApi, WechatError, type CustomerMessage, type CustomerTyping, type MediaCheck, type SecCheck, type SecResult, type WechatSession } from '../../wechat/index.js';
import { AccessTokens } from './access-tokens.service.js';
import { mayCall, type CallingApp } from './tenant-app.js';
import { TenantApps } from './tenant-apps.service.js';

/**
 * WeChat on behalf of a tenant. Nobody above holds its AppSecret, an access token, or a user's session_key. Every call
 * throws WechatError (`bad_credentials` also where the tenant has no AppID or no AppSecret), and the signal's reason
 * when it is aborted. A token that WeChat refuses is replaced once within a call.
 */
@Injectable()
export class TenantWechat {
  constructor(private readonly apps: TenantApps, private readonly tokens: AccessTokens, private readonly api: WechatApi) {}

  /** The AppID for which the tenant can call WeChat: limits and circuits are counted by it. Undefined when it can't call yet. @throws not_found */
  async callingAppId(tenantId: string): Promise<string | undefined> {
    const app = await this.apps.of(tenantId);
    return mayCall(app) ? app.appId : undefined;
  }

  /** Exchanges a `wx.login` code with the tenant's credentials. */
  async code2session(tenantId: string, code: string, signal?: AbortSignal): Promise<Omit<WechatSession, 'sessionKey'>> {
    const { appId, appSecret } = await this.callingApp(tenantId);
    const { openid, unionid } = await this.api.code2session({ appId, appSecret, code }, signal);
    return { openid, unionid };
  }

  /** Judges a text of at most 2,500 characters. */
  async secCheck(tenantId: string, check: SecCheck, signal: AbortSignal): Promise<SecResult> {
    return this.withToken(tenantId, signal, (token) => this.api.msgSecCheck(token, check, signal));
  }

  /** Has an image or a sound judged. @returns the trace_id that the pushed result will bear */
  async mediaCheck(tenantId: string, check: MediaCheck, signal: AbortSignal): Promise<string> {
    return this.withToken(tenantId, signal, (token) => this.api.mediaCheckAsync(token, check, signal));
  }

  /** Writes to a user as customer service. After `unreachable` or `timeout` nobody knows whether it was read. */
  async customerMessage(tenantId: string, message: CustomerMessage, signal: AbortSignal): Promise<void> {
    return this.withToken(tenantId, signal, (token) => this.api.sendCustomerMessage(token, message, signal));
  }

  async customerTyping(tenantId: string, typing: CustomerTyping, signal: AbortSignal): Promise<void> {
    return this.withToken(tenantId, signal, (token) => this.api.customerTyping(token, typing, signal));
  }

  private async withToken<T>(tenantId: string, signal: AbortSignal, call: (token: string) => Promise<T>): Promise<T> {
    const app = await this.callingApp(tenantId);
    const token = await this.tokens.current(app, signal);
    try {
      return await call(token);
    } catch (error) {
      if (!(error instanceof WechatError && error.kind === 'token')) throw error;
      return call(await this.tokens.after(app, token, signal));
    }
  }

  private async callingApp(tenantId: string): Promise<CallingApp> {
    const app = await this.apps.of(tenantId);
    if (!mayCall(app)) throw new WechatError('bad_credentials', 'the tenant has no app_id or no app_secret');
    return app;
  }
}
