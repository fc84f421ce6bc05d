import { Body, Controller, Get, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { PriceService } from '../../billing/index.js';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { CreatePriceListDto, PriceListDto, PriceListListDto } from './price.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/price-lists')
@ForStaff('platform_admin')
export class AdminPriceController {
  constructor(private readonly inside: EnterTenant, private readonly prices: PriceService) {}

  @Get()
  @ApiOperation({ summary: 'All price lists that ever held, newest first, with who set them: lists are never changed.' })
  @Answers({ status: 200, list: PriceListDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string): Promise<PriceListListDto> {
    return PriceListListDto.of(await this.prices.list(await this.inside.enter(ctx, tenantId)));
  }

  @Post()
  @ApiOperation({ summary: 'A new price list. Answers that have begun keep the one that they began under.' })
  @Answers({ status: 201, type: PriceListDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async create(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Body() body: CreatePriceListDto): Promise<PriceListDto> {
    return PriceListDto.of(await this.prices.set(await this.inside.enter(ctx, tenantId), CreatePriceListDto.toDraft(body)));
  }
}
