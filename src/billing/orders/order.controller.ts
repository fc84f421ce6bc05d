import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { ForUser, FromCaller, USER_ERRORS, type Caller } from '../../identity/index.js';
import { Ctx, type RequestContext } from '../../platform/context/index.js';
import { Answers, IdParam, IdempotencyKey, PageQuery } from '../../platform/http/index.js';
import { CreateOrderDto, OrderDto, OrderListDto, PayableOrderDto } from './order.dto.js';
import { OrderService } from './order.service.js';

@ApiTags('top-up')
@Controller('v1/orders')
@ForUser()
export class OrderController {
  constructor(private readonly orders: OrderService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({ summary: 'Order credits, and get what the client needs to pay. An open order for the same thing is given again.' })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: '1 to 64 printable characters: the same key is the same order, however often it is sent.' })
  @Answers({ status: 200, type: PayableOrderDto }, ...USER_ERRORS, 'not_found', 'conflict', 'rate_limited')
  async create(@Ctx() ctx: RequestContext, @FromCaller() caller: Caller, @IdempotencyKey() key: string | undefined, @Body() body: CreateOrderDto): Promise<PayableOrderDto> {
    return PayableOrderDto.of(await this.orders.create(ctx, CreateOrderDto.toWish(body, caller.ip), key));
  }

  @Get()
  @ApiOperation({ summary: "The caller's orders, newest first." })
  @Answers({ status: 200, list: OrderDto }, ...USER_ERRORS)
  async list(@Ctx() ctx: RequestContext, @Query() query: PageQuery): Promise<OrderListDto> {
    return OrderListDto.of(await this.orders.list(ctx, query));
  }

  @Get(':id')
  @ApiOperation({ summary: 'An order. While it is open WeChat is asked first: call this when the client comes back from paying.' })
  @Answers({ status: 200, type: OrderDto }, ...USER_ERRORS, 'not_found')
  async read(@Ctx() ctx: RequestContext, @Param('id', IdParam) id: string): Promise<OrderDto> {
    return OrderDto.of(await this.orders.read(ctx, id));
  }
}
