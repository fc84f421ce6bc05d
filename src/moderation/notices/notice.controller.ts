import { Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers, IdParam, PageQuery } from '../../platform/http/index.js';
import { ForUser, USER_ERRORS } from '../../identity/index.js';
import { NoticeDto, NoticeListDto } from './notice.dto.js';
import { NoticeService } from './notice.service.js';

@ApiTags('me')
@Controller('v1/me/notices')
@ForUser()
export class NoticeController {
  constructor(private readonly notices: NoticeService) {}

  @Get()
  @ApiOperation({ summary: 'What you were told: warnings, mutes, decisions of appeals, replies of customer service; newest first.' })
  @Answers({ status: 200, list: NoticeDto }, ...USER_ERRORS)
  async list(@Ctx() ctx: RequestContext, @Query() query: PageQuery): Promise<NoticeListDto> {
    return NoticeListDto.of(await this.notices.list(ctx, query));
  }

  @Post(':id/read')
  @HttpCode(204)
  @ApiOperation({ summary: 'Say that a notice was read. Twice is once.' })
  @Answers({ status: 204 }, ...USER_ERRORS, 'not_found')
  async markRead(@Ctx() ctx: RequestContext, @Param('id', IdParam) id: string): Promise<void> {
    await this.notices.markRead(ctx, id);
  }
}
