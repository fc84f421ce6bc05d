import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS, StaffActionService } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { StaffActionDto, StaffActionListDto, StaffActionQuery } from './staff-action.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/staff-actions')
@ForStaff('platform_admin')
export class AdminStaffActionController {
  constructor(private readonly inside: EnterTenant, private readonly actions: StaffActionService) {}

  @Get()
  @ApiOperation({ summary: 'Who did what in a tenant, newest first. Nothing of it can be changed or removed.' })
  @Answers({ status: 200, list: StaffActionDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: StaffActionQuery): Promise<StaffActionListDto> {
    return StaffActionListDto.of(await this.actions.list(await this.inside.enter(ctx, tenantId), { subjectId: query.subject_id, userId: query.user_id }, query));
  }
}
