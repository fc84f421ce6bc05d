import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { TenantHints } from './tenant.js';

/** What a request says of its tenant before anybody logged in: `X-Tenant`, and the host name. */
export function tenantHintsOf(request: FastifyRequest): TenantHints {
  const header = request.headers['x-tenant'];
  return { slug: typeof header === 'string' ? header : undefined, host: request.hostname === '' ? undefined : request.hostname };
}

/** Gives them to a handler of a public route. */
export const Hints = createParamDecorator((_: unknown, execution: ExecutionContext): TenantHints => tenantHintsOf(execution.switchToHttp().getRequest<FastifyRequest>()));
