import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { FindingService, ReconciliationService } from '../../billing/index.js';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam, PageQuery } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { BillReportDto, BillReportListDto, FindingDto, FindingListDto, FindingQuery, ResolveFindingDto } from './payment.dto.js';

/** A comparison asked for by hand may take so long. */
const RECONCILE_MS = 60_000;

@ApiTags('admin')
@Controller('admin/v1/tenants/:id')
@ForStaff('platform_admin')
export class AdminPaymentController {
  constructor(private readonly inside: EnterTenant, private readonly findings: FindingService, private readonly reconciliation: ReconciliationService) {}

  @Get('payment-findings')
  @ApiOperation({ summary: 'Payments and refunds that do not add up, newest first.' })
  @Answers({ status: 200, list: FindingDto }, ...STAFF_ERRORS, 'not_found')
  async listFindings(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: FindingQuery): Promise<FindingListDto> {
    return FindingListDto.of(await this.findings.list(await this.inside.enter(ctx, tenantId), query.state, query));
  }

  @Post('payment-findings/:finding_id/resolve')
  @HttpCode(200)
  @ApiOperation({ summary: 'Sort a finding out: ask WeChat again, repair it by ledger transfers, or dismiss it.' })
  @Answers({ status: 200, type: FindingDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async resolve(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('finding_id', IdParam) findingId: string, @Body() body: ResolveFindingDto): Promise<FindingDto> {
    return FindingDto.of(await this.findings.resolve(await this.inside.enter(ctx, tenantId), findingId, ResolveFindingDto.toDecision(body)));
  }

  @Get('bill-reports')
  @ApiOperation({ summary: "Comparisons with WeChat's daily bills, newest day first." })
  @Answers({ status: 200, list: BillReportDto }, ...STAFF_ERRORS, 'not_found')
  async listReports(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: PageQuery): Promise<BillReportListDto> {
    return BillReportListDto.of(await this.reconciliation.list(await this.inside.enter(ctx, tenantId), query));
  }

  @Post('bill-reports/:day')
  @HttpCode(200)
  @ApiOperation({ summary: 'Compare the bill of a Beijing day (yyyy-MM-dd) now. Doing it again is harmless.' })
  @Answers({ status: 200, type: BillReportDto }, ...STAFF_ERRORS, 'not_found')
  async reconcile(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('day') day: string): Promise<BillReportDto> {
    return BillReportDto.of(await this.reconciliation.run(await this.inside.enter(ctx, tenantId), day, AbortSignal.timeout(RECONCILE_MS)));
  }
}
