import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { MerchantService } from '../../tenants/index.js';
import { MerchantDto, PutMerchantDto } from './merchant.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/merchant')
@ForStaff('platform_admin')
export class AdminMerchantController {
  constructor(private readonly merchants: MerchantService) {}

  @Get()
  @ApiOperation({ summary: "A tenant's account with WeChat Pay, without its secrets." })
  @Answers({ status: 200, type: MerchantDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string): Promise<MerchantDto> {
    return MerchantDto.of(await this.merchants.read(ctx, tenantId));
  }

  @Put()
  @ApiOperation({ summary: 'Enter or replace it. Keys are checked here, so that a wrong one is not found by the first payer.' })
  @Answers({ status: 200, type: MerchantDto }, ...STAFF_ERRORS, 'not_found')
  async put(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Body() body: PutMerchantDto): Promise<MerchantDto> {
    return MerchantDto.of(await this.merchants.put(ctx, tenantId, PutMerchantDto.toDraft(body)));
  }
}
