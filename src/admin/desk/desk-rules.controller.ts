import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { DeskRulesService } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { DeskRulesDto } from './desk-rules.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/desk-rules')
@ForStaff('platform_admin')
export class AdminDeskRulesController {
  constructor(private readonly inside: EnterTenant, private readonly rules: DeskRulesService) {}

  @Get()
  @ApiOperation({ summary: 'How people work for a tenant: its ladder of sanctions, the times of the review queue, who answers customers.' })
  @Answers({ status: 200, type: DeskRulesDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string): Promise<DeskRulesDto> {
    return DeskRulesDto.of(await this.rules.read(await this.inside.enter(ctx, tenantId)));
  }

  @Put()
  @ApiOperation({ summary: 'Replace these rules. What was decided by the former ones stays.' })
  @Answers({ status: 200, type: DeskRulesDto }, ...STAFF_ERRORS, 'not_found')
  async replace(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Body() body: DeskRulesDto): Promise<DeskRulesDto> {
    return DeskRulesDto.of(await this.rules.replace(await this.inside.enter(ctx, tenantId), DeskRulesDto.toRules(body)));
  }
}
