import { Catch, HttpException, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ContextCarrier } from '../context/index.js';
import { DomainError, asDomainError, errorBody, type ErrorCode } from '../errors/index.js';
import { LOGGER, errorFields, type Logger } from '../telemetry/index.js';
import { localeOf } from './locale.js';

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = { 400: 'invalid_request', 401: 'unauthenticated', 403: 'forbidden', 404: 'not_found', 429: 'rate_limited', 503: 'unavailable' };

/** Turns whatever was thrown before the first byte into the one error body. Nothing internal leaves: no stack, no SQL, no upstream text. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest & ContextCarrier>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    sendError(request, reply, thrown, this.logger);
  }
}

/** The same for errors that arise outside of Nest: body parsing, unknown routes. */
export function sendError(request: FastifyRequest & ContextCarrier, reply: FastifyReply, thrown: unknown, logger: Logger): void {
  const error = fromFramework(thrown);
  const fields = { request_id: request.id, tenant: request.ctx?.tenantId, code: error.code, param: error.param };
  logger[error.definition.logLevel]({ ...fields, ...(error.definition.status >= 500 ? errorFields(error.cause ?? error) : {}) }, 'request refused');
  if (reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  if (error.retryAfterMs !== undefined) void reply.header('retry-after', String(Math.max(1, Math.ceil(error.retryAfterMs / 1000))));
  if (error.definition.status === 401) void reply.header('www-authenticate', 'Bearer');
  void reply.status(error.definition.status).header('content-type', 'application/json; charset=utf-8').send(errorBody(error, localeOf(request), request.id));
}

function fromFramework(thrown: unknown): DomainError {
  if (thrown instanceof DomainError) return thrown;
  const status = thrown instanceof HttpException ? thrown.getStatus() : (thrown as { statusCode?: unknown } | undefined)?.statusCode;
  if (status === 413) return new DomainError('invalid_request', { param: 'body', message: 'the body must not be larger than 256 KiB' });
  if (status === 415) return new DomainError('invalid_request', { param: 'content-type', message: 'the content type must be application/json' });
  const code = typeof status === 'number' ? CODE_OF_STATUS[status] : undefined;
  if (code !== undefined) return new DomainError(code, { cause: thrown });
  if (typeof status === 'number' && status >= 400 && status < 500) return new DomainError('invalid_request', { cause: thrown });
  return asDomainError(thrown);
}
