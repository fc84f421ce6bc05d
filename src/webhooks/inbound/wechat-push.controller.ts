import { Controller, Get, Header, HttpCode, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Answers, IdParam, Public, RawBody } from '../../platform/http/index.js';
import type { PushQuery } from '../../wechat/index.js';
import { WechatPushReplyFilter } from './wechat-push-reply.filter.js';
import { WechatPushService } from './wechat-push.service.js';

@ApiTags('webhooks')
@Controller('webhooks/wechat')
@UseFilters(WechatPushReplyFilter)
export class WechatPushController {
  constructor(private readonly push: WechatPushService) {}

  @Get(':tenant')
  @Public()
  @Header('content-type', 'text/plain; charset=utf-8')
  @ApiOperation({ summary: "WeChat's check of the address of the message push: answers `echostr`." })
  @Answers({ status: 200 }, 'unauthenticated')
  async check(@Param('tenant', IdParam) tenantId: string, @Query() query: PushQuery): Promise<string> {
    return this.push.answerUrlCheck(tenantId, query);
  }

  @Post(':tenant')
  @Public()
  @RawBody()
  @HttpCode(200)
  @ApiOperation({ summary: "WeChat's message push, JSON or XML, plain or sealed. 200: taken; anything else: WeChat sends it again." })
  @Answers({ status: 200, description: '`success`, or the answer that hands the user over to a person.' }, 'unauthenticated')
  async take(@Param('tenant', IdParam) tenantId: string, @Query() query: PushQuery, @Req() request: FastifyRequest, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    return said(reply, await this.push.take(tenantId, query, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0), request.id));
  }
}

function said(reply: FastifyReply, { contentType, body }: { readonly contentType: string; readonly body: string }): string {
  void reply.header('content-type', contentType);
  return body;
}
