import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { LabelFreeService } from '../../chat/index.js';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { DeliveryDto, DeliveryListDto, DeliveryQuery, DeliveryWithMessagesDto } from './delivery.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/label-free-deliveries')
@ForStaff('platform_admin')
export class AdminLabelFreeDeliveryController {
  constructor(private readonly inside: EnterTenant, private readonly labelFree: LabelFreeService) {}

  @Get()
  @ApiOperation({ summary: 'Who was given generated text without its visible label, newest first.' })
  @Answers({ status: 200, list: DeliveryDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: DeliveryQuery): Promise<DeliveryListDto> {
    return DeliveryListDto.of(await this.labelFree.deliveries(await this.inside.enter(ctx, tenantId), DeliveryQuery.toFilter(query), query));
  }

  @Get(':delivery_id')
  @ApiOperation({ summary: 'One such delivery, with the messages in it.' })
  @Answers({ status: 200, type: DeliveryWithMessagesDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('delivery_id', IdParam) id: string): Promise<DeliveryWithMessagesDto> {
    return DeliveryWithMessagesDto.ofWhole(await this.labelFree.delivery(await this.inside.enter(ctx, tenantId), id));
  }
}
