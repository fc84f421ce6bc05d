import { Body, Controller, Headers, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { ForUser } from '../../identity/index.js';
import { cacheWishOf } from '../cache/cache-wish.js';
import { AnswerService } from './answer.service.js';
import { SendMessageDto, BeginQuery } from './message.dto.js';

@ApiTags('conversations')
@ForUser()
@Controller('v1')
export class MessageController {
  constructor(private readonly answers: AnswerService) {}

  @Post('conversations/:id/messages')
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'The same key gives the same run, also after a lost connection.' })
  @ApiHeader({ name: 'X-Cache', required: false, schema: { type: 'string', enum: ['bypass'] }, description: 'bypass: neither a ready nor a stored answer will do, and none is stored.' })
  @Answers({ status: 200, stream: true, description: 'The answer as a stream in the wire format asked for.' }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'user_muted', 'not_found', 'conflict', 'rate_limited', 'queue_full', 'unavailable')
  async send(
    @Ctx() ctx: RequestContext, @Param('id') id: string, @Body() body: SendMessageDto, @Query() query: BeginQuery,
    @Headers('idempotency-key') key: string | undefined, @Headers('x-cache') cache: string | undefined, @Req() request: FastifyRequest, @Res() reply: FastifyReply,
  ): Promise<void> {
    const ask = { kind: 'message', conversationId: id, content: body.content, ...(body.model === undefined ? {} : { model: body.model }) } as const;
    await this.answers.answer(ctx, ask, { format: query.format, idempotencyKey: key, keep: query.keep === 'true', cache: cacheWishOf(cache, request.headers['cache-control']) }, request, reply);
  }

  @Post('messages/:id/regenerate')
  @ApiHeader({ name: 'Idempotency-Key', required: false })
  @Answers({ status: 200, stream: true, description: 'Another answer to the same question; the former stays as an alternative.' }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'user_muted', 'not_found', 'conflict', 'rate_limited', 'queue_full', 'unavailable')
  async regenerate(
    @Ctx() ctx: RequestContext, @Param('id') id: string, @Query() query: BeginQuery,
    @Headers('idempotency-key') key: string | undefined, @Req() request: FastifyRequest, @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.answers.regenerate(ctx, id, { format: query.format, idempotencyKey: key, keep: query.keep === 'true', cache: 'bypass' }, request, reply);
  }
}
