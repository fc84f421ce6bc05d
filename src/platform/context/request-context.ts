/** Who acts. The tenant's own developer acts as a user too, with `via: 'api_key'`. */
export type Actor =
  | { readonly kind: 'user'; readonly userId: string; readonly via: 'session' | 'api_key'; readonly credentialId: string }
  | { readonly kind: 'staff'; readonly staffId: string }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'system'; readonly job: string };

/** The client program, as far as wire formats and review rules care. */
export type ClientKind = 'wxapp' | 'web' | 'api';

/** The device beneath the client program, for what differs by app store. */
export const CLIENT_PLATFORMS = ['ios', 'android', 'other'] as const;
export type ClientPlatform = (typeof CLIENT_PLATFORMS)[number];

/**
 * Whose request this is. Made once at the edge (guard, worker host, inbound
 * letters), frozen, serialisable, and the first parameter of every use case.
 */
export interface RequestContext {
  readonly tenantId: string;
  readonly actor: Actor;
  readonly requestId: string;
  readonly locale: 'zh' | 'en';
  readonly client: ClientKind;
  readonly platform: ClientPlatform;
}

/** Of platform staff, who belong to no tenant. */
export type PlatformContext = Omit<RequestContext, 'tenantId'>;

export function makeContext<T extends PlatformContext>(context: T): Readonly<T> {
  return Object.freeze({ ...context, actor: Object.freeze({ ...context.actor }) });
}

/** The context of work that no request asked for: sweepers, schedulers, start-up. */
export function systemContext(tenantId: string, job: string, requestId: string): RequestContext {
  return makeContext({ tenantId, actor: { kind: 'system', job }, requestId, locale: 'zh', client: 'api', platform: 'other' });
}

/** The context of platform-wide work that no request asked for. */
export function systemPlatformContext(job: string, requestId: string): PlatformContext {
  return makeContext({ actor: { kind: 'system', job }, requestId, locale: 'zh', client: 'api', platform: 'other' });
}

/** Platform staff at work in one tenant: they see its rows, and no other tenant's, as long as they use this. */
export function enterTenant(ctx: PlatformContext, tenantId: string): RequestContext {
  return makeContext({ actor: ctx.actor, requestId: ctx.requestId, locale: ctx.locale, client: ctx.client, platform: ctx.platform, tenantId });
}
