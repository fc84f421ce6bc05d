import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsIn, IsOptional, IsUUID, Matches } from 'class-validator';
import { DomainError } from '../../platform/errors/index.js';
import { integerJson, type Page } from '../../platform/values/index.js';
import type { PrepayAnswer } from '../../wechat/index.js';
import { CHANNELS } from '../packages/package.js';
import { ORDER_STATES, type Order, type PayableOrder } from './order.js';
import type { OrderWish } from './order.service.js';

const CREDITS = { oneOf: [{ type: 'integer' }, { type: 'string' }], description: 'Credits; a text beyond 2^53.' };
/** A whole number of credits, as JSON number or text. */
const AMOUNT = /^[1-9]\d{0,12}$/;

export class CreateOrderDto {
  @ApiPropertyOptional({ format: 'uuid', description: 'The package; or else `credits`.' }) @IsOptional() @IsUUID(undefined, { message: 'package_id must be the id of a package' }) package_id?: string;
  @ApiPropertyOptional({ ...CREDITS, description: 'A free amount at the dynamic price, where the tenant sells it.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (Number.isSafeInteger(value) ? String(value) : value))
  @Matches(AMOUNT, { message: 'credits must be a whole number from 1 to 1000000000000' })
  credits?: string;
  @ApiProperty({ enum: CHANNELS, description: 'jsapi: in WeChat; native: a QR code; h5: a phone browser outside WeChat.' }) @IsIn(CHANNELS, { message: 'channel must be jsapi, native or h5' }) channel!: 'jsapi' | 'native' | 'h5';

  /** @throws invalid_request unless exactly one of package_id and credits is given */
  static toWish(dto: CreateOrderDto, clientIp: string): OrderWish {
    if ((dto.package_id === undefined) === (dto.credits === undefined)) throw new DomainError('invalid_request', { param: 'package_id', message: 'exactly one of package_id and credits must be given' });
    if (dto.package_id !== undefined) return { channel: dto.channel, clientIp, packageId: dto.package_id.toLowerCase() };
    return { channel: dto.channel, clientIp, credits: BigInt(dto.credits ?? 0) };
  }
}

/** What the client needs to pay, by channel: for `wx.requestPayment`, a QR code, or a redirect. */
export class PaymentDto {
  @ApiProperty({ enum: CHANNELS }) channel!: string;
  @ApiPropertyOptional({ description: 'jsapi' }) appId?: string;
  @ApiPropertyOptional({ description: 'jsapi: seconds, as a text' }) timeStamp?: string;
  @ApiPropertyOptional({ description: 'jsapi' }) nonceStr?: string;
  @ApiPropertyOptional({ description: 'jsapi: prepay_id=…' }) package?: string;
  @ApiPropertyOptional({ description: 'jsapi' }) signType?: string;
  @ApiPropertyOptional({ description: 'jsapi' }) paySign?: string;
  @ApiPropertyOptional({ description: 'native: the content of the QR code' }) code_url?: string;
  @ApiPropertyOptional({ description: 'h5: where to send the browser; valid for 5 minutes' }) h5_url?: string;

  static of(payment: PrepayAnswer): PaymentDto {
    switch (payment.channel) {
      case 'jsapi': {
        const { channel, appId, timeStamp, nonceStr, signType, paySign } = payment;
        return { channel, appId, timeStamp, nonceStr, package: payment.package, signType, paySign };
      }
      case 'native':
        return { channel: payment.channel, code_url: payment.codeUrl };
      case 'h5':
        return { channel: payment.channel, h5_url: payment.h5Url };
    }
  }
}

export class OrderDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: ORDER_STATES }) state!: string;
  @ApiProperty({ enum: CHANNELS }) channel!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) package_id!: string | null;
  @ApiProperty() description!: string;
  @ApiProperty({ type: 'integer', description: 'Fen.' }) total_fen!: number | string;
  @ApiProperty(CREDITS) credits!: number | string;
  @ApiProperty({ ...CREDITS, description: 'Credits on top.' }) bonus_credits!: number | string;
  @ApiProperty({ type: 'integer', description: 'Fen that went back.' }) refunded_fen!: number | string;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time', description: 'It can be paid until then.' }) expires_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) paid_at!: string | null;

  static of(order: Order): OrderDto {
    return {
      id: order.id, state: order.state, channel: order.channel, package_id: order.packageId ?? null, description: order.description, total_fen: integerJson(order.total),
      credits: integerJson(order.credits), bonus_credits: integerJson(order.bonusCredits), refunded_fen: integerJson(order.refunded),
      created_at: order.createdAt.toISOString(), expires_at: order.expiresAt.toISOString(), paid_at: order.paidAt?.toISOString() ?? null,
    };
  }
}

export class PayableOrderDto extends OrderDto {
  @ApiProperty({ type: PaymentDto, nullable: true, description: 'null when there is nothing left to pay.' }) payment!: PaymentDto | null;

  static override of(payable: PayableOrder | Order): PayableOrderDto {
    const { order, payment } = 'order' in payable ? payable : { order: payable, payment: undefined };
    return { ...OrderDto.of(order), payment: payment === undefined ? null : PaymentDto.of(payment) };
  }
}

export class OrderListDto {
  @ApiProperty({ type: [OrderDto] }) data!: OrderDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<Order>): OrderListDto {
    return { data: page.data.map((order) => OrderDto.of(order)), next_cursor: page.nextCursor ?? null };
  }
}
