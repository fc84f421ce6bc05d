import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers, PageQuery } from '../../platform/http/index.js';
import { ForUser } from '../../identity/index.js';
import { AppealDto, AppealListDto, FileAppealDto } from './appeal.dto.js';
import { AppealService } from './appeal.service.js';

/** The only routes that a ban does not close. */
@ApiTags('appeals')
@Controller('v1/appeals')
@ForUser({ evenBanned: true })
export class AppealController {
  constructor(private readonly appeals: AppealService) {}

  @Post()
  @ApiOperation({ summary: 'Have people look at the refusal of a message, at a sanction, or at a ban. Banned users log in for it by POST /v1/auth/appeal.' })
  @Answers({ status: 201, type: AppealDto }, 'unauthenticated', 'forbidden', 'tenant_suspended', 'not_found', 'conflict', 'rate_limited')
  async file(@Ctx() ctx: RequestContext, @Body() body: FileAppealDto): Promise<AppealDto> {
    return AppealDto.of(await this.appeals.file(ctx, FileAppealDto.toWish(body)));
  }

  @Get()
  @ApiOperation({ summary: 'Your appeals and what became of them, newest first.' })
  @Answers({ status: 200, list: AppealDto }, 'unauthenticated', 'forbidden', 'tenant_suspended')
  async list(@Ctx() ctx: RequestContext, @Query() query: PageQuery): Promise<AppealListDto> {
    return AppealListDto.of(await this.appeals.listOwn(ctx, query));
  }
}
