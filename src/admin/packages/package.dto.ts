import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, IsString, Matches, Max, Min, ValidateIf } from 'class-validator';
import { CHANNELS, type Package, type PackageDraft } from '../../billing/index.js';
import { integerJson } from '../../platform/values/index.js';

const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
const NAME = /^(?=.*\S)[^\p{Cc}]{1,40}$/u;
const MOST_CREDITS = 1_000_000_000_000;

export class PutPackageDto {
  @ApiProperty({ maxLength: 40 }) @IsString() @Matches(NAME, { message: 'name must have 1 to 40 characters, not only blanks' }) name!: string;
  @ApiProperty({ type: 'integer', minimum: 1, description: 'Fen: hundredths of a yuan.' }) @IsInt() @Min(1) @Max(100_000_000) price_fen!: number;
  @ApiProperty({ type: 'integer', minimum: 1 }) @IsInt() @Min(1) @Max(MOST_CREDITS) credits!: number;
  @ApiPropertyOptional({ type: 'integer', default: 0, description: 'Credits on top.' }) @Absent() @IsInt() @Min(0) @Max(MOST_CREDITS) bonus_credits: number = 0;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'How often one user may buy it.' }) @ValidateIf((_, value) => value !== undefined && value !== null) @IsInt() @Min(1) @Max(1_000) per_user_limit?: number | null;
  @ApiPropertyOptional({ type: [String], enum: CHANNELS }) @Absent() @IsArray() @ArrayMinSize(1) @ArrayMaxSize(3) @ArrayUnique() @IsIn(CHANNELS, { each: true }) channels: ('jsapi' | 'native' | 'h5')[] = ['jsapi', 'native', 'h5'];
  @ApiPropertyOptional({ default: true, description: 'On sale.' }) @Absent() @IsBoolean() active: boolean = true;
  @ApiPropertyOptional({ type: 'integer', default: 0, description: 'Lists show the smallest first.' }) @Absent() @IsInt() @Min(-1_000_000) @Max(1_000_000) position: number = 0;

  static toDraft(dto: PutPackageDto): PackageDraft {
    return {
      name: dto.name, price: BigInt(dto.price_fen), credits: BigInt(dto.credits), bonusCredits: BigInt(dto.bonus_credits), perUserLimit: dto.per_user_limit ?? undefined,
      channels: dto.channels, active: dto.active, position: dto.position,
    };
  }
}

export class AdminPackageDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ type: 'integer' }) price_fen!: number | string;
  @ApiProperty({ type: 'integer' }) credits!: number | string;
  @ApiProperty({ type: 'integer' }) bonus_credits!: number | string;
  @ApiProperty({ type: 'integer', nullable: true }) per_user_limit!: number | null;
  @ApiProperty({ type: [String], enum: CHANNELS }) channels!: string[];
  @ApiProperty() active!: boolean;
  @ApiProperty() position!: number;

  static of(item: Package): AdminPackageDto {
    return {
      id: item.id, name: item.name, price_fen: integerJson(item.price), credits: integerJson(item.credits), bonus_credits: integerJson(item.bonusCredits),
      per_user_limit: item.perUserLimit ?? null, channels: [...item.channels], active: item.active, position: item.position,
    };
  }
}

export class AdminPackageListDto {
  @ApiProperty({ type: [AdminPackageDto] }) data!: AdminPackageDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: null;

  static of(items: readonly Package[]): AdminPackageListDto {
    return { data: items.map((item) => AdminPackageDto.of(item)), next_cursor: null };
  }
}
