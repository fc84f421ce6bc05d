import { ApiProperty } from '@nestjs/swagger';
import { Matches } from 'class-validator';
import { integerJson } from '../../platform/values/index.js';
import type { Package } from './package.js';
import type { Quote } from './package.service.js';

const CREDITS = { oneOf: [{ type: 'integer' }, { type: 'string' }], description: 'Credits; a text beyond 2^53.' };

/** A package as its buyers see it. */
export class PackageOnSaleDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: 'integer', description: 'Fen: hundredths of a yuan.' }) price_fen!: number | string;
  @ApiProperty(CREDITS) credits!: number | string;
  @ApiProperty({ ...CREDITS, description: 'Credits on top.' }) bonus_credits!: number | string;
  @ApiProperty({ type: 'integer', nullable: true, description: 'How often one user may buy it.' }) per_user_limit!: number | null;
  @ApiProperty({ type: [String], enum: ['jsapi', 'native', 'h5'] }) channels!: string[];

  static of(item: Package): PackageOnSaleDto {
    return {
      id: item.id, name: item.name, price_fen: integerJson(item.price), credits: integerJson(item.credits), bonus_credits: integerJson(item.bonusCredits),
      per_user_limit: item.perUserLimit ?? null, channels: [...item.channels],
    };
  }
}

export class PackageOnSaleListDto {
  @ApiProperty({ type: [PackageOnSaleDto] }) data!: PackageOnSaleDto[];
  @ApiProperty({ type: String, nullable: true, description: 'Always null: a tenant has few packages.' }) next_cursor!: null;

  static of(items: readonly Package[]): PackageOnSaleListDto {
    return { data: items.map((item) => PackageOnSaleDto.of(item)), next_cursor: null };
  }
}

export class QuoteQuery {
  @ApiProperty({ type: 'integer', minimum: 1, description: 'How many credits.' })
  @Matches(/^[1-9]\d{0,12}$/, { message: 'credits must be a whole number from 1 to 1000000000000' })
  credits!: string;
}

/** What a free amount costs now. */
export class QuoteDto {
  @ApiProperty(CREDITS) credits!: number | string;
  @ApiProperty({ type: 'integer', description: 'Fen.' }) price_fen!: number | string;
  @ApiProperty({ example: '0.01' }) usd_per_1000!: string;
  @ApiProperty({ example: '7.1234' }) exchange_rate!: string;
  @ApiProperty({ example: '2026-11-20' }) exchange_rate_date!: string;
  @ApiProperty() exchange_rate_source!: string;

  static of({ credits, price, pricing }: Quote): QuoteDto {
    return {
      credits: integerJson(credits), price_fen: integerJson(price), usd_per_1000: pricing.usdPer1000, exchange_rate: pricing.exchangeRate,
      exchange_rate_date: pricing.exchangeRateDate, exchange_rate_source: pricing.exchangeRateSource,
    };
  }
}
