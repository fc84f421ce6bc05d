import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, IsUUID, Length, Min, ValidateIf } from 'class-validator';
import { ORDER_STATES, type Order, type OrderService, type OrderState, type Refund, type RefundWish } from '../../billing/index.js';
import { PageQuery } from '../../platform/http/index.js';
import { integerJson, type Page } from '../../platform/values/index.js';

const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

export class AdminOrderQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' }) @IsOptional() @IsUUID() user_id?: string;
  @ApiPropertyOptional({ enum: ORDER_STATES }) @IsOptional() @IsIn(ORDER_STATES) state?: OrderState;
}

export class AdminOrderDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) user_id!: string;
  @ApiProperty({ enum: ORDER_STATES }) state!: string;
  @ApiProperty() channel!: string;
  @ApiProperty() out_trade_no!: string;
  @ApiProperty({ type: String, nullable: true }) transaction_id!: string | null;
  @ApiProperty() merchant_id!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ type: 'integer' }) total_fen!: number | string;
  @ApiProperty({ type: 'integer' }) refunded_fen!: number | string;
  @ApiProperty({ type: 'integer' }) credits!: number | string;
  @ApiProperty({ type: 'integer' }) bonus_credits!: number | string;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'How the price came about, as it was when the order was made.' }) pricing!: Record<string, unknown>;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) paid_at!: string | null;

  static of(order: Order): AdminOrderDto {
    return {
      id: order.id, user_id: order.userId, state: order.state, channel: order.channel, out_trade_no: order.outTradeNo, transaction_id: order.transactionId ?? null,
      merchant_id: order.merchantId, description: order.description, total_fen: integerJson(order.total), refunded_fen: integerJson(order.refunded), credits: integerJson(order.credits),
      bonus_credits: integerJson(order.bonusCredits), pricing: { ...order.pricing }, created_at: order.createdAt.toISOString(), paid_at: order.paidAt?.toISOString() ?? null,
    };
  }
}

export class AdminOrderListDto {
  @ApiProperty({ type: [AdminOrderDto] }) data!: AdminOrderDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<Order>): AdminOrderListDto {
    return { data: page.data.map((order) => AdminOrderDto.of(order)), next_cursor: page.nextCursor ?? null };
  }
}

export class OrderEventDto {
  @ApiProperty({ type: String, nullable: true }) from!: string | null;
  @ApiProperty() to!: string;
  @ApiProperty() cause!: string;
  @ApiProperty({ type: String, nullable: true }) reference!: string | null;
  @ApiProperty({ format: 'date-time' }) at!: string;
}

export class CreateRefundDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, description: 'Fen; all that is left unless told.' }) @Absent() @IsInt() @Min(1) amount_fen?: number;
  @ApiProperty({ maxLength: 80, description: 'The payer reads it.' }) @IsString() @Length(1, 80) reason!: string;
  @ApiPropertyOptional({ maxLength: 200, description: 'Why credits that were spent already are let go; without it such a refund is refused.' }) @Absent() @IsString() @Length(1, 200) override_reason?: string;

  static toWish(dto: CreateRefundDto, orderId: string, idempotencyKey: string | undefined): RefundWish {
    return { orderId, amount: dto.amount_fen === undefined ? undefined : BigInt(dto.amount_fen), reason: dto.reason, overrideReason: dto.override_reason, idempotencyKey };
  }
}

export class RefundDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) order_id!: string;
  @ApiProperty({ enum: ['requested', 'processing', 'succeeded', 'failed', 'abnormal'] }) state!: string;
  @ApiProperty() out_refund_no!: string;
  @ApiProperty({ type: 'integer' }) amount_fen!: number | string;
  @ApiProperty({ type: 'integer', description: 'Credits that belong to the amount.' }) credits!: number | string;
  @ApiProperty({ type: 'integer', description: 'Credits that were taken back.' }) held_credits!: number | string;
  @ApiProperty() reason!: string;
  @ApiProperty({ type: String, nullable: true }) override_reason!: string | null;
  @ApiProperty({ type: String, nullable: true, description: "WeChat's code, where it failed." }) failure!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) ended_at!: string | null;

  static of(refund: Refund): RefundDto {
    return {
      id: refund.id, order_id: refund.orderId, state: refund.state, out_refund_no: refund.outRefundNo, amount_fen: integerJson(refund.amount), credits: integerJson(refund.credits),
      held_credits: integerJson(refund.heldCredits), reason: refund.reason, override_reason: refund.overrideReason ?? null, failure: refund.failure ?? null,
      created_at: refund.createdAt.toISOString(), ended_at: refund.endedAt?.toISOString() ?? null,
    };
  }
}

export class RefundListDto {
  @ApiProperty({ type: [RefundDto] }) data!: RefundDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: null;

  static of(refunds: readonly Refund[]): RefundListDto {
    return { data: refunds.map((refund) => RefundDto.of(refund)), next_cursor: null };
  }
}

export class InspectedOrderDto extends AdminOrderDto {
  @ApiProperty({ type: [OrderEventDto], description: 'Every step, oldest first.' }) events!: OrderEventDto[];

  static override of(inspected: Awaited<ReturnType<OrderService['inspect']>> | Order): InspectedOrderDto {
    const { order, events } = 'order' in inspected ? inspected : { order: inspected, events: [] };
    return { ...AdminOrderDto.of(order), events: events.map(({ from, to, cause, reference, at }) => ({ from, to, cause, reference, at: at.toISOString() })) };
  }
}
