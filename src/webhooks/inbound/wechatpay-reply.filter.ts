import { Catch, Inject, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { asDomainError } from '../../platform/errors/index.js';
import { LOGGER, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { NoticeRefused } from '../../wechat/index.js';

/**
 * Failures as WeChat Pay reads them: the status decides, and any other than 200 and 204 has the letter sent again
 * (reference: 5.2). A forged letter is told no more than a probe is.
 */
@Catch()
export class WechatPayReplyFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const requestId = http.getRequest<FastifyRequest>().id;
    const reply = http.getResponse<FastifyReply>();
    if (error instanceof NoticeRefused) {
      // Probes come on purpose, forgeries at random: counted in the metrics, not an alarm.
      this.logger.info({ requestId, reason: error.reason }, 'a payment notice was refused');
      void reply.status(401).send({ code: 'FAIL', message: 'signature verification failed' });
      return;
    }
    const { code, definition: { status } } = asDomainError(error);
    this.logger[status >= 500 ? 'error' : 'info']({ ...errorFields(error), requestId }, 'a payment notice was not taken');
    void reply.status(status).send({ code: 'FAIL', message: code });
  }
}
