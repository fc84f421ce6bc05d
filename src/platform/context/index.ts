export { CLIENT_PLATFORMS, enterTenant, makeContext, systemContext, systemPlatformContext, type Actor, type ClientKind, type ClientPlatform, type PlatformContext, type RequestContext } from './request-context.js';
export { Ctx, PlatformCtx, type ContextCarrier } from './ctx.decorator.js';
