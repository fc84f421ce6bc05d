import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../errors/index.js';

const KEY = /^[\x21-\x7e]{1,64}$/;

/** The header `Idempotency-Key`, undefined where there is none. Errors: invalid_request for one that is too long or not printable. */
export const IdempotencyKey = createParamDecorator((_: unknown, execution: ExecutionContext): string | undefined => {
  const key = execution.switchToHttp().getRequest<FastifyRequest>().headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !KEY.test(key)) throw new DomainError('invalid_request', { param: 'Idempotency-Key', message: 'Idempotency-Key must have 1 to 64 printable characters without blanks' });
  return key;
});
