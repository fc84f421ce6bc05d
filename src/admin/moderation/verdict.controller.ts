import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { VerdictSearch } from '../../moderation/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { VerdictDto, VerdictListDto, VerdictQuery, VerdictWithTextDto } from './verdict.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/moderation/verdicts')
@ForStaff('moderator')
export class AdminVerdictController {
  constructor(private readonly inside: EnterTenant, private readonly verdicts: VerdictSearch) {}

  @Get()
  @ApiOperation({ summary: "A tenant's judgements, newest first, without texts." })
  @Answers({ status: 200, list: VerdictDto }, ...STAFF_ERRORS, 'not_found')
  async search(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: VerdictQuery): Promise<VerdictListDto> {
    return VerdictListDto.of(await this.verdicts.search(await this.inside.enter(ctx, tenantId), VerdictQuery.toFilter(query), query));
  }

  @Get(':verdict_id')
  @ApiOperation({ summary: 'One judgement with its text; that it was read is written down.' })
  @Answers({ status: 200, type: VerdictWithTextDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('verdict_id', IdParam) id: string): Promise<VerdictWithTextDto> {
    return VerdictWithTextDto.of(await this.verdicts.read(await this.inside.enter(ctx, tenantId), id));
  }
}
