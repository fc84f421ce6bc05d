import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { SupportReplyService, SupportService } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam, IdempotencyKey } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { ReplyDto, TicketDto, TicketInDetailDto, TicketListDto, TicketMessageDto, TicketQuery } from './ticket.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/support/tickets')
@ForStaff('moderator')
export class AdminTicketController {
  constructor(private readonly inside: EnterTenant, private readonly support: SupportService, private readonly replies: SupportReplyService) {}

  @Get()
  @ApiOperation({ summary: 'People who asked for a person, newest first.' })
  @Answers({ status: 200, list: TicketDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: TicketQuery): Promise<TicketListDto> {
    return TicketListDto.of(await this.support.list(await this.inside.enter(ctx, tenantId), { state: query.state, userId: query.user_id }, query));
  }

  @Get(':ticket_id')
  @ApiOperation({ summary: 'One ticket with what was written, and how many replies WeChat lets through now.' })
  @Answers({ status: 200, type: TicketInDetailDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('ticket_id', IdParam) id: string): Promise<TicketInDetailDto> {
    return TicketInDetailDto.ofDetail(await this.support.read(await this.inside.enter(ctx, tenantId), id));
  }

  @Post(':ticket_id/reply')
  @ApiOperation({ summary: 'Answer. 409: WeChat takes nothing any more, the person wrote too long ago; 429: its 5 replies to their last message are used up.' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'The same key is the same reply.' })
  @Answers({ status: 201, type: TicketMessageDto }, ...STAFF_ERRORS, 'not_found', 'conflict', 'rate_limited', 'upstream_error')
  async reply(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('ticket_id', IdParam) id: string, @IdempotencyKey() key: string | undefined, @Body() body: ReplyDto): Promise<TicketMessageDto> {
    return TicketMessageDto.of(await this.replies.reply(await this.inside.enter(ctx, tenantId), id, ReplyDto.toWish(body, key)));
  }

  @Post(':ticket_id/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Close it. What the person writes next begins another one.' })
  @Answers({ status: 200, type: TicketInDetailDto }, ...STAFF_ERRORS, 'not_found')
  async close(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('ticket_id', IdParam) id: string): Promise<TicketInDetailDto> {
    return TicketInDetailDto.ofDetail(await this.support.close(await this.inside.enter(ctx, tenantId), id));
  }
}
