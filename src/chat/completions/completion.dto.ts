import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsNumber, IsOptional, IsString, Length, Max, MaxLength, Min, Validate, ValidateNested,
  ValidatorConstraint, type ValidatorConstraintInterface,
} from 'class-validator';

/** OpenAI's two shapes of content: a text, or parts of which we take those of type text. */
@ValidatorConstraint({ name: 'isContent' })
class IsContent implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    return typeof value === 'string' || (Array.isArray(value) && value.length > 0 && value.length <= 64 && value.every(isTextPart));
  }
  defaultMessage(): string {
    return 'content must be a text, or an array of parts like {"type":"text","text":"…"}';
  }
}

@ValidatorConstraint({ name: 'isStop' })
class IsStop implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    const fits = (text: unknown): boolean => typeof text === 'string' && text.length > 0 && text.length <= 200;
    return fits(value) || (Array.isArray(value) && value.length <= 4 && value.every(fits));
  }
  defaultMessage(): string {
    return 'stop must be a text or up to 4 texts of 1 to 200 characters';
  }
}

interface TextPart {
  readonly type: 'text';
  readonly text: string;
}

function isTextPart(part: unknown): part is TextPart {
  return typeof part === 'object' && part !== null && (part as TextPart).type === 'text' && typeof (part as TextPart).text === 'string';
}

export function textOf(content: string | readonly TextPart[]): string {
  return typeof content === 'string' ? content : content.map((part) => part.text).join('');
}

export class CompletionMessageDto {
  @ApiProperty({ enum: ['system', 'developer', 'user', 'assistant'] })
  @IsIn(['system', 'developer', 'user', 'assistant'])
  role!: 'system' | 'developer' | 'user' | 'assistant';

  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'object', properties: { type: { enum: ['text'] }, text: { type: 'string' } } } }] })
  @Validate(IsContent)
  content!: string | TextPart[];

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @MaxLength(64)
  name?: string;
}

class StreamOptionsDto {
  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  include_usage?: boolean;
}

export class CreateCompletionDto {
  @ApiPropertyOptional({ description: 'One of GET /v1/models; the default of the tenant unless given.' })
  @IsOptional()
  @IsString()
  @Length(1, 100)
  model?: string;

  @ApiProperty({ type: [CompletionMessageDto], minItems: 1, maxItems: 2048 })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2048)
  @ValidateNested({ each: true })
  @Type(() => CompletionMessageDto)
  messages!: CompletionMessageDto[];

  @ApiPropertyOptional()
  @IsOptional()
  @IsBoolean()
  stream?: boolean;

  @ApiPropertyOptional({ type: StreamOptionsDto })
  @IsOptional()
  @ValidateNested()
  @Type(() => StreamOptionsDto)
  stream_options?: StreamOptionsDto;

  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10_000_000)
  max_tokens?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10_000_000)
  max_completion_tokens?: number;

  @ApiPropertyOptional({ minimum: 0, maximum: 2 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(2)
  temperature?: number;

  @ApiPropertyOptional({ minimum: 0, maximum: 1 })
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  top_p?: number;

  @ApiPropertyOptional({ minimum: -2, maximum: 2 })
  @IsOptional()
  @IsNumber()
  @Min(-2)
  @Max(2)
  presence_penalty?: number;

  @ApiPropertyOptional({ minimum: -2, maximum: 2 })
  @IsOptional()
  @IsNumber()
  @Min(-2)
  @Max(2)
  frequency_penalty?: number;

  @ApiPropertyOptional({ type: 'integer' })
  @IsOptional()
  @IsInt()
  seed?: number;

  @ApiPropertyOptional({ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' }, maxItems: 4 }] })
  @IsOptional()
  @Validate(IsStop)
  stop?: string | string[];

  @ApiPropertyOptional({ type: 'integer', enum: [1], description: 'Only one choice is made.' })
  @IsOptional()
  @IsIn([1], { message: 'n must be 1: one choice is made' })
  n?: number;

  @ApiPropertyOptional({ description: 'Taken for compatibility; the user is the one of the key.' })
  @IsOptional()
  @IsString()
  @MaxLength(256)
  user?: string;
}

class PromptTokensDetailsDto {
  @ApiProperty({ type: 'integer' }) cached_tokens!: number;
}

class CompletionUsageDto {
  @ApiProperty({ type: 'integer' }) prompt_tokens!: number;
  @ApiProperty({ type: 'integer' }) completion_tokens!: number;
  @ApiProperty({ type: 'integer' }) total_tokens!: number;
  @ApiPropertyOptional({ type: PromptTokensDetailsDto, description: 'Where part of the prompt came from a cache: the provider\'s, or all of it where a stored or ready answer was given.' }) prompt_tokens_details?: PromptTokensDetailsDto;
}

class CompletionAnswerDto {
  @ApiProperty({ enum: ['assistant'] }) role!: string;
  @ApiProperty() content!: string;
}

class CompletionChoiceDto {
  @ApiProperty({ type: 'integer' }) index!: number;
  @ApiProperty({ type: CompletionAnswerDto }) message!: CompletionAnswerDto;
  @ApiProperty({ enum: ['stop', 'length', 'content_filter'] }) finish_reason!: string;
}

export class CompletionDto {
  @ApiProperty() id!: string;
  @ApiProperty({ enum: ['chat.completion'] }) object!: string;
  @ApiProperty({ type: 'integer' }) created!: number;
  @ApiProperty() model!: string;
  @ApiProperty({ type: [CompletionChoiceDto] }) choices!: CompletionChoiceDto[];
  @ApiProperty({ type: CompletionUsageDto }) usage!: CompletionUsageDto;
}
