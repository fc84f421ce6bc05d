import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { OrderService, RefundService } from '../../billing/index.js';
import { ForStaff, STAFF_ERRORS } from '../../identity/index.js';
import { PlatformCtx, type PlatformContext } from '../../platform/context/index.js';
import { Answers, IdParam, IdempotencyKey } from '../../platform/http/index.js';
import { EnterTenant } from '../enter-tenant.service.js';
import { AdminOrderDto, AdminOrderListDto, AdminOrderQuery, CreateRefundDto, InspectedOrderDto, RefundDto, RefundListDto } from './order.dto.js';

@ApiTags('admin')
@Controller('admin/v1/tenants/:id/orders')
@ForStaff('platform_admin')
export class AdminOrderController {
  constructor(private readonly inside: EnterTenant, private readonly orders: OrderService, private readonly refunds: RefundService) {}

  @Get()
  @ApiOperation({ summary: "A tenant's orders, newest first." })
  @Answers({ status: 200, list: AdminOrderDto }, ...STAFF_ERRORS, 'not_found')
  async list(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Query() query: AdminOrderQuery): Promise<AdminOrderListDto> {
    return AdminOrderListDto.of(await this.orders.listAll(await this.inside.enter(ctx, tenantId), { userId: query.user_id, state: query.state }, query));
  }

  @Get(':order_id')
  @ApiOperation({ summary: 'An order with every step that it took.' })
  @Answers({ status: 200, type: InspectedOrderDto }, ...STAFF_ERRORS, 'not_found')
  async read(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('order_id', IdParam) orderId: string): Promise<InspectedOrderDto> {
    return InspectedOrderDto.of(await this.orders.inspect(await this.inside.enter(ctx, tenantId), orderId));
  }

  @Get(':order_id/refunds')
  @ApiOperation({ summary: "An order's refunds, oldest first." })
  @Answers({ status: 200, list: RefundDto }, ...STAFF_ERRORS, 'not_found')
  async listRefunds(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('order_id', IdParam) orderId: string): Promise<RefundListDto> {
    return RefundListDto.of(await this.refunds.ofOrder(await this.inside.enter(ctx, tenantId), orderId));
  }

  @Post(':order_id/refunds')
  @ApiOperation({ summary: 'Refund an order, or a part of it. The credits are taken back first; WeChat is told within seconds.' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'The same key is the same refund.' })
  @Answers({ status: 201, type: RefundDto }, ...STAFF_ERRORS, 'not_found', 'conflict')
  async refund(@PlatformCtx() ctx: PlatformContext, @Param('id', IdParam) tenantId: string, @Param('order_id', IdParam) orderId: string, @IdempotencyKey() key: string | undefined, @Body() body: CreateRefundDto): Promise<RefundDto> {
    return RefundDto.of(await this.refunds.request(await this.inside.enter(ctx, tenantId), CreateRefundDto.toWish(body, orderId, key)));
  }
}
