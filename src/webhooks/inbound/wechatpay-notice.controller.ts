import { Controller, HttpCode, Param, Post, Req, UseFilters } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { NoticeService } from '../../billing/index.js';
import { Answers, IdParam, Public, RawBody } from '../../platform/http/index.js';
import { WechatPayReplyFilter } from './wechatpay-reply.filter.js';

@ApiTags('webhooks')
@Controller('webhooks/wechatpay')
export class WechatPayNoticeController {
  constructor(private readonly notices: NoticeService) {}

  @Post(':tenant')
  @Public()
  @RawBody()
  @HttpCode(204)
  @UseFilters(WechatPayReplyFilter)
  @ApiOperation({ summary: "WeChat Pay's notices of payments and refunds, signed by WeChat. 204: taken; anything else: send again." })
  @Answers({ status: 204 }, 'unauthenticated', 'not_found')
  async take(@Param('tenant', IdParam) tenantId: string, @Req() request: FastifyRequest): Promise<void> {
    await this.notices.take(tenantId, request.headers, Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0));
  }
}
