import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { makeContext, type Actor, type ContextCarrier, type PlatformContext, type RequestContext } from '../../platform/context/index.js';
import { DomainError } from '../../platform/errors/index.js';
import { ACCESS } from '../../platform/http/index.js';
import { TenantService, tenantHintsOf } from '../../tenants/index.js';
import { isApiKey } from '../api-keys/api-key.js';
import { ApiKeyService } from '../api-keys/api-key.service.js';
import { SessionService } from '../sessions/session.service.js';
import { StaffService } from '../staff/staff.service.js';
import { mayActAs, type StaffRole } from '../staff/staff.js';
import { StandingService } from '../standing/standing.service.js';
import type { Access } from './access.decorator.js';
import { callerOf } from './caller.decorator.js';

type UserActor = Extract<Actor, { kind: 'user' }>;

/** Tenants by what a request says of itself: the header's slug, and the ids of whom slug and host belong to, if to anybody. */
interface NamedTenants {
  readonly slug: string | undefined;
  readonly bySlug: string | undefined;
  readonly byHost: string | undefined;
}

/**
 * The porter of every route: a route that does not say who may call it is
 * closed. Here, and nowhere else for HTTP, a context is made.
 * Errors: unauthenticated, forbidden, tenant_suspended, user_banned.
 */
@Injectable()
export class AuthenticateGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tenants: TenantService,
    private readonly sessions: SessionService,
    private readonly apiKeys: ApiKeyService,
    private readonly staff: StaffService,
    private readonly standing: StandingService,
  ) {}

  async canActivate(execution: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [execution.getHandler(), execution.getClass()]);
    const request = execution.switchToHttp().getRequest<FastifyRequest & ContextCarrier>();
    switch (access?.kind) {
      case 'public':
        return true;
      case 'user':
        request.ctx = await this.userContext(request, access);
        return true;
      case 'staff':
        request.platformCtx = await this.staffContext(request, access.role);
        return true;
      case undefined:
        throw new DomainError('forbidden');
    }
  }

  private async userContext(request: FastifyRequest, access: Extract<Access, { kind: 'user' }>): Promise<RequestContext> {
    const caller = callerOf(request);
    const token = bearerOf(request);
    // Asked beside the token; who it belongs to is compared, and a failure told, below.
    const named = this.namedTenants(request);
    named.catch(() => undefined);
    const { tenantId, actor } = isApiKey(token) ? await this.byApiKey(token, access.apiKey, caller.ip) : await this.byAccessToken(token);
    assertSameTenant(await named, tenantId);
    const ctx = makeContext({ tenantId, actor, requestId: caller.requestId, locale: caller.locale, client: actor.via === 'api_key' ? 'api' : caller.client, platform: caller.platform });
    await this.standing.assertGood(ctx, access.evenBanned);
    if (actor.via === 'api_key') this.apiKeys.used(ctx.tenantId, actor.credentialId);
    return ctx;
  }

  private async byAccessToken(token: string): Promise<{ tenantId: string; actor: UserActor }> {
    const claims = await this.sessions.verify(token);
    if (claims === undefined) throw new DomainError('unauthenticated');
    return { tenantId: claims.audience, actor: { kind: 'user', userId: claims.subject, via: 'session', credentialId: claims.sessionId } };
  }

  private async byApiKey(key: string, allowed: boolean, ip: string): Promise<{ tenantId: string; actor: UserActor }> {
    if (!allowed) throw new DomainError('forbidden', { message: '此接口需要登录令牌 (this route takes a login token, not an API key)' });
    const owner = await this.apiKeys.authenticate(key, ip);
    if (owner === undefined) throw new DomainError('unauthenticated', { message: 'API key 无效或已吊销 (the API key is unknown or revoked)' });
    return { tenantId: owner.tenantId, actor: { kind: 'user', userId: owner.userId, via: 'api_key', credentialId: owner.keyId } };
  }

  /** The tenants that the request itself names. */
  private async namedTenants(request: FastifyRequest): Promise<NamedTenants> {
    const { slug, host } = tenantHintsOf(request);
    const [bySlug, byHost] = await Promise.all([slug === undefined ? undefined : this.tenants.resolve({ slug }), host === undefined ? undefined : this.tenants.resolve({ host })]);
    return { slug, bySlug: bySlug?.id, byHost: byHost?.id };
  }

  private async staffContext(request: FastifyRequest, role: StaffRole): Promise<PlatformContext> {
    const caller = callerOf(request);
    const staff = await this.staff.authenticate(bearerOf(request), caller.requestId);
    if (staff === undefined) throw new DomainError('unauthenticated');
    if (!mayActAs(staff.role, role)) throw new DomainError('forbidden');
    return makeContext({ actor: { kind: 'staff', staffId: staff.id }, requestId: caller.requestId, locale: caller.locale, client: caller.client, platform: caller.platform });
  }
}

/** A token works in its own tenant only: neither the header nor the host may name another. @throws forbidden */
function assertSameTenant({ slug, bySlug, byHost }: NamedTenants, tenantId: string): void {
  const slugIsUnknown = slug !== undefined && bySlug === undefined;
  if (slugIsUnknown || [bySlug, byHost].some((id) => id !== undefined && id !== tenantId)) {
    throw new DomainError('forbidden', { param: slug === undefined ? 'Host' : 'X-Tenant', message: '令牌不属于该租户 (this token belongs to another tenant)' });
  }
}

/** RFC 6750 section 2.1. */
function bearerOf(request: FastifyRequest): string {
  const token = /^Bearer +([\w.~+/=-]{1,2048})$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined) throw new DomainError('unauthenticated');
  return token;
}
