import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { ForUser } from '../../identity/index.js';
import { cacheWishOf } from '../cache/cache-wish.js';
import { CompletionDto, CreateCompletionDto } from './completion.dto.js';
import { CompletionService } from './completion.service.js';

@ApiTags('openai-compatible')
@ForUser({ apiKey: true })
@Controller('v1/chat/completions')
export class CompletionsController {
  constructor(private readonly completions: CompletionService) {}

  @Post()
  @HttpCode(200)
  @ApiHeader({ name: 'X-Cache', required: false, schema: { type: 'string', enum: ['allow', 'bypass'] }, description: 'allow: a stored answer will do, also at a temperature above 0. bypass, like Cache-Control: no-store: none will do, and none is stored. The answer tells hit, miss or bypass under the same name.' })
  @Answers({ status: 200, type: CompletionDto, description: 'As the OpenAI API answers; a stream of chat.completion.chunk with `stream: true`.' },
    'unauthenticated', 'forbidden', 'tenant_suspended', 'user_banned', 'user_muted', 'not_found', 'conflict', 'content_blocked', 'queue_full', 'upstream_error')
  async create(
    @Ctx() ctx: RequestContext, @Body() body: CreateCompletionDto, @Headers('idempotency-key') key: string | undefined,
    @Headers('x-cache') cache: string | undefined, @Headers('cache-control') control: string | undefined, @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.completions.complete(ctx, body, { key, cache: cacheWishOf(cache, control) }, reply);
  }
}
