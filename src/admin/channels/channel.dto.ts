import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsIn, IsInt, IsString, Matches, Max, MaxLength, Min, MinLength, ValidateIf, ValidateNested } from 'class-validator';
import { integerJson, type Page } from '../../platform/values/index.js';
import type { ChannelChange, ChannelDraft, ChannelModel, ChannelRecord } from '../../upstream/index.js';

/** Lets a field be absent, but not null. */
const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);
/** Lets a field be absent, or null. */
const Nullable = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined && value !== null);

const NAME = /^(?=.*\S)[^\p{Cc}]{1,80}$/u;
const LINE = /^(?=.*\S)[^\p{Cc}]+$/u;
const KEY = /^[\x21-\x7e]{1,500}$/;
const MODEL = /^[A-Za-z0-9][\w.:/-]{0,99}$/;
const TAG = /^[\w.:-]{1,40}$/;
const MOST_MICRO_YUAN = 1_000_000_000_000;
const AMOUNT = { type: 'integer', minimum: 0, maximum: MOST_MICRO_YUAN, description: 'Micro-yuan per 1,000 tokens.' } as const;
const FAULT = {
  name: { message: 'name must have 1 to 80 characters, not only blanks, and no control characters' },
  upstreamName: { message: 'upstream_name must be a text in one line' },
  region: { message: 'region must be a text in one line' },
  reason: { message: 'reason must be a text in one line' },
  key: { message: 'api_key must have 1 to 500 printable ASCII characters without blanks' },
  tags: { each: true, message: 'tags must have 1 to 40 characters of a-z, A-Z, 0-9, _ . : - each' },
} as const;

export class ModelPriceDto {
  @ApiProperty(AMOUNT) @IsInt() @Min(0) @Max(MOST_MICRO_YUAN) input!: number;
  @ApiProperty(AMOUNT) @IsInt() @Min(0) @Max(MOST_MICRO_YUAN) cached_input!: number;
  @ApiProperty(AMOUNT) @IsInt() @Min(0) @Max(MOST_MICRO_YUAN) output!: number;
}

export class ChannelModelDto {
  @ApiProperty({ description: 'Public model name.' }) @IsString() @Matches(MODEL, { message: 'model must be a model name' }) model!: string;
  @ApiPropertyOptional({ description: 'Its name at the upstream; the same unless told.' }) @Absent() @IsString() @MaxLength(200) @Matches(LINE, FAULT.upstreamName) upstream_name?: string;
  @ApiPropertyOptional({ type: ModelPriceDto, nullable: true, description: 'What the upstream asks, for cost reports.' }) @Nullable() @ValidateNested() @Type(() => ModelPriceDto) price?: ModelPriceDto | null;

  static toModel({ model, upstream_name, price }: ChannelModelDto): ChannelModel {
    const amounts = price === undefined || price === null ? {} : { price: { input: BigInt(price.input), cachedInput: BigInt(price.cached_input), output: BigInt(price.output) } };
    return { model, upstreamName: upstream_name ?? model, ...amounts };
  }
}

/** What may be left out of a channel, new or changed. */
export class ChannelFieldsDto {
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true, description: 'Never shown again. null removes it. Needed again when base_url leads to another server.' }) @Nullable() @IsString() @Matches(KEY, FAULT.key) api_key?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500, description: 'An HTTP proxy on the way.' }) @Nullable() @IsString() @MinLength(1) @MaxLength(500) proxy_url?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 40 }) @Nullable() @IsString() @MaxLength(40) @Matches(LINE, FAULT.region) region?: string | null;
  @ApiPropertyOptional({ type: [String], maxItems: 20 }) @Absent() @IsArray() @ArrayMaxSize(20) @ArrayUnique() @IsString({ each: true }) @Matches(TAG, FAULT.tags) tags?: string[];
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, description: 'RPM; null: no limit.' }) @Nullable() @IsInt() @Min(1) @Max(10_000_000) requests_per_minute?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, description: 'TPM, prompt and answer together; null: no limit.' }) @Nullable() @IsInt() @Min(1) @Max(1_000_000_000_000) tokens_per_minute?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, description: 'Answers under way at once; null: no limit.' }) @Nullable() @IsInt() @Min(1) @Max(1_000_000) max_concurrent?: number | null;
  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: 1000, default: 100, description: 'The lowest number is used first.' }) @Absent() @IsInt() @Min(0) @Max(1_000) priority?: number;
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1000, default: 1, description: 'Share among channels of the same priority.' }) @Absent() @IsInt() @Min(1) @Max(1_000) weight?: number;
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, maximum: 50, description: 'At most so many of 100 of its calls get a second one, on another channel and key, when their first words come later than 95 % of its answers do. The faster is the answer; the other is broken off and never charged to the user, though its upstream may charge the prompt. null, the default: never.' }) @Nullable() @IsInt() @Min(1) @Max(50) hedge_percent?: number | null;
}

/** What may be changed of a channel. */
export class UpdateChannelDto extends ChannelFieldsDto {
  @ApiPropertyOptional({ maxLength: 80 }) @Absent() @IsString() @Matches(NAME, FAULT.name) name?: string;
  @ApiPropertyOptional({ maxLength: 500, description: 'Usually ends in /v1. Private addresses must be on UPSTREAM_PRIVATE_ALLOWLIST; redirects are never followed. For `local` the path of a GGUF file.' }) @Absent() @IsString() @MinLength(1) @MaxLength(500) base_url?: string;
  @ApiPropertyOptional({ type: [ChannelModelDto], minItems: 1, maxItems: 200, description: 'Replaces the list.' }) @Absent() @IsArray() @ArrayMinSize(1) @ArrayMaxSize(200) @ValidateNested({ each: true }) @Type(() => ChannelModelDto) models?: ChannelModelDto[];

  static toChange(dto: UpdateChannelDto): ChannelChange {
    return {
      name: dto.name, baseUrl: dto.base_url === undefined ? undefined : plainUrl(dto.base_url), apiKey: dto.api_key, proxyUrl: dto.proxy_url, region: dto.region, tags: dto.tags,
      models: dto.models?.map((model) => ChannelModelDto.toModel(model)), requestsPerMinute: dto.requests_per_minute, tokensPerMinute: dto.tokens_per_minute, concurrent: dto.max_concurrent,
      priority: dto.priority, weight: dto.weight, hedgePercent: dto.hedge_percent,
    };
  }
}

export class CreateChannelDto extends ChannelFieldsDto {
  @ApiProperty({ maxLength: 80 }) @IsString() @Matches(NAME, FAULT.name) name!: string;
  @ApiPropertyOptional({ enum: ['openai', 'local'], default: 'openai', description: '`openai`: any OpenAI-compatible server. `local`: a GGUF model that the workers serve; the platform\'s only.' }) @Absent() @IsIn(['openai', 'local']) kind: 'openai' | 'local' = 'openai';
  @ApiProperty({ maxLength: 500, example: 'https://api.deepseek.com/v1' }) @IsString() @MinLength(1) @MaxLength(500) base_url!: string;
  @ApiProperty({ type: [ChannelModelDto], minItems: 1, maxItems: 200 }) @IsArray() @ArrayMinSize(1) @ArrayMaxSize(200) @ValidateNested({ each: true }) @Type(() => ChannelModelDto) models!: ChannelModelDto[];

  static toDraft(dto: CreateChannelDto): ChannelDraft {
    return {
      name: dto.name, kind: dto.kind, baseUrl: plainUrl(dto.base_url), apiKey: dto.api_key ?? null, proxyUrl: dto.proxy_url ?? null, region: dto.region ?? null, tags: dto.tags ?? [],
      models: dto.models.map((model) => ChannelModelDto.toModel(model)), requestsPerMinute: dto.requests_per_minute ?? null, tokensPerMinute: dto.tokens_per_minute ?? null,
      concurrent: dto.max_concurrent ?? null, priority: dto.priority ?? 100, weight: dto.weight ?? 1, hedgePercent: dto.hedge_percent ?? null,
    };
  }
}

export class DisableChannelDto {
  @ApiPropertyOptional({ maxLength: 200, description: 'Why, for whoever looks at it next.' }) @Absent() @IsString() @MaxLength(200) @Matches(LINE, FAULT.reason) reason?: string;
}

/** A channel as platform staff sees it; its key never. */
export class ChannelDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The tenant whose own it is; null: the platform\'s.' }) tenant_id!: string | null;
  @ApiProperty() name!: string;
  @ApiProperty({ enum: ['openai', 'local'] }) kind!: string;
  @ApiProperty() base_url!: string;
  @ApiProperty({ description: 'Whether a key is set.' }) has_key!: boolean;
  @ApiProperty({ type: String, nullable: true }) proxy_url!: string | null;
  @ApiProperty({ type: String, nullable: true }) region!: string | null;
  @ApiProperty({ type: [String] }) tags!: string[];
  @ApiProperty({ type: [ChannelModelDto] }) models!: object[];
  @ApiProperty({ type: 'integer', nullable: true }) requests_per_minute!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) tokens_per_minute!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) max_concurrent!: number | null;
  @ApiProperty() priority!: number;
  @ApiProperty() weight!: number;
  @ApiProperty({ type: 'integer', nullable: true }) hedge_percent!: number | null;
  @ApiProperty({ enum: ['active', 'paused', 'disabled'], description: 'paused: runs wait for it. disabled: as if it were not there.' }) state!: string;
  @ApiProperty({ type: String, nullable: true, description: 'Why it is disabled.' }) state_reason!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) state_changed_at!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) updated_at!: string;

  static of(channel: ChannelRecord): ChannelDto {
    return {
      id: channel.id, tenant_id: channel.tenantId ?? null, name: channel.name, kind: channel.kind, base_url: channel.baseUrl, has_key: channel.hasKey, proxy_url: channel.proxyUrl ?? null,
      region: channel.region ?? null, tags: [...channel.tags], models: channel.models.map(modelJson), requests_per_minute: channel.limits.requestsPerMinute ?? null,
      tokens_per_minute: channel.limits.tokensPerMinute ?? null, max_concurrent: channel.limits.concurrent ?? null, priority: channel.priority, weight: channel.weight, hedge_percent: channel.hedgePercent ?? null, state: channel.state,
      state_reason: channel.stateReason ?? null, state_changed_at: channel.stateChangedAt?.toISOString() ?? null, created_at: channel.createdAt.toISOString(), updated_at: channel.updatedAt.toISOString(),
    };
  }
}

export class ChannelListDto {
  @ApiProperty({ type: [ChannelDto] }) data!: ChannelDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<ChannelRecord>): ChannelListDto {
    return { data: page.data.map((channel) => ChannelDto.of(channel)), next_cursor: page.nextCursor ?? null };
  }
}

function modelJson({ model, upstreamName, price }: ChannelModel): object {
  const amounts = price === undefined ? null : { input: integerJson(price.input), cached_input: integerJson(price.cachedInput), output: integerJson(price.output) };
  return { model, upstream_name: upstreamName, price: amounts };
}

/** A base URL as it is kept: without slashes at its end. */
function plainUrl(url: string): string {
  return url.trim().replace(/\/+$/, '');
}
