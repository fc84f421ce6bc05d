import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsISO8601, IsString, Matches, Max, Min, ValidateIf } from 'class-validator';
import type { PriceDraft, PriceList } from '../../billing/index.js';
import { integerJson } from '../../platform/values/index.js';

const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
const MODEL = /^(\*|[A-Za-z0-9][\w.:/-]{0,99})$/;
const MOST = 1_000_000_000;
const RATE = { type: 'integer', minimum: 0, maximum: MOST, description: 'Credits per 1,000 tokens.' } as const;

export class CreatePriceListDto {
  @ApiProperty({ description: 'Public model name; * for all models without a list of their own.' }) @IsString() @Matches(MODEL, { message: 'model must be a model name or *' }) model!: string;
  @ApiProperty(RATE) @IsInt() @Min(0) @Max(MOST) input_rate!: number;
  @ApiProperty(RATE) @IsInt() @Min(0) @Max(MOST) cached_input_rate!: number;
  @ApiProperty(RATE) @IsInt() @Min(0) @Max(MOST) output_rate!: number;
  @ApiProperty(RATE) @IsInt() @Min(0) @Max(MOST) reasoning_rate!: number;
  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: MOST, default: 0, description: 'Fewest credits of an answer.' }) @Absent() @IsInt() @Min(0) @Max(MOST) minimum_charge: number = 0;
  @ApiPropertyOptional({ format: 'date-time', description: 'Answers that start from then on are priced by it; now unless told.' }) @Absent() @IsISO8601({ strict: true, strictSeparator: true }) @Matches(/T.*(Z|[+-]\d\d:\d\d)$/, { message: 'valid_from must be a moment with its time zone, such as 2026-11-20T00:00:00+08:00' }) valid_from?: string;

  static toDraft(dto: CreatePriceListDto): PriceDraft {
    return {
      model: dto.model, inputRate: BigInt(dto.input_rate), cachedInputRate: BigInt(dto.cached_input_rate), outputRate: BigInt(dto.output_rate), reasoningRate: BigInt(dto.reasoning_rate),
      minimumCharge: BigInt(dto.minimum_charge), validFrom: dto.valid_from === undefined ? undefined : new Date(dto.valid_from),
    };
  }
}

export class PriceListDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() model!: string;
  @ApiProperty(RATE) input_rate!: number | string;
  @ApiProperty(RATE) cached_input_rate!: number | string;
  @ApiProperty(RATE) output_rate!: number | string;
  @ApiProperty(RATE) reasoning_rate!: number | string;
  @ApiProperty({ type: 'integer' }) minimum_charge!: number | string;
  @ApiProperty({ format: 'date-time' }) valid_from!: string;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Who of the staff set it; null: the platform.' }) created_by!: string | null;

  static of(list: PriceList): PriceListDto {
    return {
      id: list.id, model: list.model, input_rate: integerJson(list.inputRate), cached_input_rate: integerJson(list.cachedInputRate), output_rate: integerJson(list.outputRate),
      reasoning_rate: integerJson(list.reasoningRate), minimum_charge: integerJson(list.minimumCharge), valid_from: list.validFrom.toISOString(),
      created_at: list.createdAt.toISOString(), created_by: list.createdBy ?? null,
    };
  }
}

export class PriceListListDto {
  @ApiProperty({ type: [PriceListDto] }) data!: PriceListDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: null;

  static of(lists: readonly PriceList[]): PriceListListDto {
    return { data: lists.map((list) => PriceListDto.of(list)), next_cursor: null };
  }
}
