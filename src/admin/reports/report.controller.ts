import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { CostReportService } from '../../chat/index.js';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers } from '../../platform/http/index.js';
import { UpstreamCostDto, UpstreamCostListDto, UpstreamCostQuery } from './report.dto.js';

@ApiTags('admin')
@Controller('admin/v1/reports')
@ForStaff('platform_admin')
export class AdminReportController {
  constructor(private readonly costs: CostReportService) {}

  @Get('upstream-costs')
  @ApiOperation({ summary: 'What answers cost at their upstreams, beside what users paid for them: by channel, tenant, model or day; at most 1,000 lines, the dearest first, days in their order.' })
  @Answers({ status: 200, list: UpstreamCostDto }, ...STAFF_ERRORS)
  async upstreamCosts(@PlatformCtx() ctx: PlatformContext, @Query() query: UpstreamCostQuery): Promise<UpstreamCostListDto> {
    return UpstreamCostListDto.of(await this.costs.upstreamCosts(ctx, UpstreamCostQuery.toQuery(query)));
  }
}
