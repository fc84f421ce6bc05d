import { Injectable } from '@nestjs/common';
import { makeContext } from '../../platform/context/index.js';
import { Database } from '../../platform/database/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { TenantService, TenantWechat, type TenantHints } from '../../tenants/index.js';
import { WechatError } from '../../wechat/index.js';
import type { Caller } from '../guard/caller.js';
import { LOGIN_LIMIT } from '../limits/limit.js';
import { RateLimits } from '../limits/rate-limits.service.js';
import { SessionService, type TokenPair } from '../sessions/session.service.js';
import { UserService } from '../users/user.service.js';
import type { User } from '../users/user.js';
import { refusalOf } from './refusal.js';

/** Login by `wx.login` code: WeChat says who it is, a user and a login are written. */
@Injectable()
export class WechatLoginService {
  constructor(
    private readonly database: Database,
    private readonly tenants: TenantService,
    private readonly wechat: TenantWechat,
    private readonly limits: RateLimits,
    private readonly users: UserService,
    private readonly sessions: SessionService,
  ) {}

  /**
   * The tenant is the one of `X-Tenant`, else of the host, else of `app_id`.
   * @throws not_found, tenant_suspended, user_banned, unauthenticated (bad code), forbidden, rate_limited, upstream_error, unavailable
   */
  async login(caller: Caller, hints: TenantHints, code: string, appId: string | undefined): Promise<{ readonly tokens: TokenPair; readonly user: User }> {
    const login = await this.enter(caller, hints, code, appId, false);
    if (login === undefined) throw new DomainError('user_banned');
    return login;
  }

  /**
   * A login for a banned user's appeal: its access token passes the doors that are open to the banned, and no other, as
   * long as the ban holds; there is no refresh token to it. @throws as `login`; conflict for a user who is not banned
   */
  async loginToAppeal(caller: Caller, hints: TenantHints, code: string, appId: string | undefined): Promise<Pick<TokenPair, 'accessToken' | 'expiresIn'>> {
    const login = await this.enter(caller, hints, code, appId, true);
    if (login === undefined) throw new DomainError('conflict', { message: '账号未被封禁，请正常登录 (this account is not banned: log in as ever)' });
    return login.tokens;
  }

  /** Undefined where the user's standing is not the one that is asked for. */
  private async enter(caller: Caller, hints: TenantHints, code: string, appId: string | undefined, banned: boolean): Promise<{ readonly tokens: TokenPair; readonly user: User } | undefined> {
    const tenant = await this.tenants.enter({ ...hints, appId });
    if (appId !== undefined && tenant.appId !== appId) throw new DomainError('invalid_request', { param: 'app_id', message: 'app_id is not of this tenant' });
    await this.limits.take(LOGIN_LIMIT, tenant.id, caller.ip);
    const identity = await this.identify(tenant.id, code);
    // No token came with the request: this is where the context of a login is made.
    const ctx = makeContext({ tenantId: tenant.id, actor: { kind: 'anonymous' }, requestId: caller.requestId, locale: caller.locale, client: caller.client, platform: caller.platform });
    const written = await this.database.inTenant(ctx, async (tx) => {
      const user = await this.users.upsertByOpenid(tx, identity);
      return { user, session: user.standing === (banned ? 'banned' : 'active') ? await this.sessions.open(tx, user.id) : undefined };
    });
    if (written.session === undefined) return undefined;
    return { tokens: await this.sessions.complete(ctx, written.user.id, written.session), user: written.user };
  }

  private async identify(tenantId: string, code: string): Promise<{ openid: string; unionid: string | undefined }> {
    try {
      return await this.wechat.code2session(tenantId, code);
    } catch (error) {
      throw error instanceof WechatError ? refusalOf(error) : error;
    }
  }
}
