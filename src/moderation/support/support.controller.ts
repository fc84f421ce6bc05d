import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers, IdParam, PageQuery } from '../../platform/http/index.js';
import { ForUser, USER_ERRORS } from '../../identity/index.js';
import { AskForPersonDto, OwnTicketDto, OwnTicketInDetailDto, OwnTicketListDto } from './support.dto.js';
import { SupportService } from './support.service.js';

@ApiTags('support')
@Controller('v1/support/tickets')
@ForUser()
export class SupportController {
  constructor(private readonly support: SupportService) {}

  @Post()
  @ApiOperation({ summary: 'Ask for a person. While a ticket of yours is not closed, this adds to it.' })
  @Answers({ status: 201, type: OwnTicketInDetailDto }, ...USER_ERRORS, 'rate_limited')
  async ask(@Ctx() ctx: RequestContext, @Body() body: AskForPersonDto): Promise<OwnTicketInDetailDto> {
    return OwnTicketInDetailDto.ofDetail(await this.support.ask(ctx, { text: body.text, runId: body.run_id }));
  }

  @Get()
  @ApiOperation({ summary: 'Your tickets, newest first.' })
  @Answers({ status: 200, list: OwnTicketDto }, ...USER_ERRORS)
  async list(@Ctx() ctx: RequestContext, @Query() query: PageQuery): Promise<OwnTicketListDto> {
    return OwnTicketListDto.of(await this.support.listOwn(ctx, query));
  }

  @Get(':ticket_id')
  @ApiOperation({ summary: 'One ticket with what was written.' })
  @Answers({ status: 200, type: OwnTicketInDetailDto }, ...USER_ERRORS, 'not_found')
  async read(@Ctx() ctx: RequestContext, @Param('ticket_id', IdParam) id: string): Promise<OwnTicketInDetailDto> {
    return OwnTicketInDetailDto.ofDetail(await this.support.readOwn(ctx, id));
  }
}
