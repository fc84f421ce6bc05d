import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../platform/errors/index.js';
import { sendError } from '../../platform/http/index.js';
import { LOGGER, type Logger } from '../../platform/telemetry/index.js';
import { PushRefused } from '../../wechat/index.js';

/** A letter that can't be verified, and one to a tenant that has no push, are refused in the same words: a probe learns nothing. What failed on our side makes WeChat send it again. */
@Catch()
export class WechatPushReplyFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (error instanceof PushRefused) this.logger.info({ request_id: request.id, fault: error.fault }, 'a push of WeChat was refused');
    const refused = error instanceof PushRefused || DomainError.is(error, 'not_found');
    sendError(request, http.getResponse<FastifyReply>(), refused ? new DomainError('unauthenticated', { message: 'refused' }) : error, this.logger);
  }
}
