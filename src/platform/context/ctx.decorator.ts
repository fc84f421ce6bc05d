import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { PlatformContext, RequestContext } from './request-context.js';

/** A request after the guard: it carries its context. */
export interface ContextCarrier {
  ctx?: RequestContext;
  platformCtx?: PlatformContext;
}

/** Gives a handler the tenant's request context. A route without a tenant has none: asking for it there is a fault of ours. */
export const Ctx = createParamDecorator((_: unknown, execution: ExecutionContext): RequestContext => {
  const { ctx } = execution.switchToHttp().getRequest<ContextCarrier>();
  if (ctx === undefined) throw new Error('this route has no tenant context');
  return ctx;
});

/** Gives a handler of the platform staff's routes its context. */
export const PlatformCtx = createParamDecorator((_: unknown, execution: ExecutionContext): PlatformContext => {
  const { platformCtx } = execution.switchToHttp().getRequest<ContextCarrier>();
  if (platformCtx === undefined) throw new Error('this route has no platform context');
  return platformCtx;
});
