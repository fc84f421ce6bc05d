import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { localeOf, platformOf } from '../../platform/http/index.js';
import { clientKindOf, type Caller } from './caller.js';

export function callerOf(request: FastifyRequest): Caller {
  return { requestId: request.id, ip: request.ip, locale: localeOf(request), client: clientKindOf(request.headers.referer, request.headers['user-agent']), platform: platformOf(request) };
}

/** Gives it to a handler of a public route. */
export const FromCaller = createParamDecorator((_: unknown, execution: ExecutionContext): Caller => callerOf(execution.switchToHttp().getRequest<FastifyRequest>()));
