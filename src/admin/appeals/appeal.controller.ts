import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { AppealService } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { AdminAppealDto, AdminAppealListDto, AdminAppealQuery } from './appeal.dto.js';

/** For looking only: appeals are decided in the review queue. */
@ApiTags('admin')
@Controller('admin/v1/tenants/:id/appeals')
@ForStaff('moderator')
export class AdminAppealController {
  constructor(private readonly inside: EnterTenant, private readonly appeals: AppealService) {}

  @Get()
  @ApiOperation({ summary: 'Appeals of users, newest first. They are decided in the review queue.' })
  @Answers({ status: 200, list: AdminAppealDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: AdminAppealQuery): Promise<AdminAppealListDto> {
    return AdminAppealListDto.of(await this.appeals.list(await this.inside.enter(ctx, tenantId), { userId: query.user_id, state: query.state }, query));
  }

  @Get(':appeal_id')
  @ApiOperation({ summary: 'One appeal.' })
  @Answers({ status: 200, type: AdminAppealDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('appeal_id', IdParam) id: string): Promise<AdminAppealDto> {
    return AdminAppealDto.of(await this.appeals.read(await this.inside.enter(ctx, tenantId), id));
  }
}
