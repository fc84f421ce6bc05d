import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, Max, Min, ValidateIf } from 'class-validator';
import type { Page } from '../../platform/values/index.js';
import type { ListedModel, ModelDraft } from '../../upstream/index.js';

const TOKENIZERS = ['o200k_base', 'cl100k_base'] as const;
const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

export class PutModelDto {
  @ApiProperty({ type: 'integer', description: 'Tokens of prompt and answer together.' }) @IsInt() @Min(100) @Max(99_999_999) context_window!: number;
  @ApiProperty({ type: 'integer', description: 'Most tokens of one answer.' }) @IsInt() @Min(1) @Max(9_999_999) max_answer_tokens!: number;
  @ApiPropertyOptional({ enum: TOKENIZERS, nullable: true, description: 'null: by its name.' }) @ValidateIf((_, value) => value !== undefined && value !== null) @IsIn(TOKENIZERS) tokenizer?: 'o200k_base' | 'cl100k_base' | null;
  @ApiPropertyOptional({ default: true, description: 'false: offered to nobody, also where the environment names it.' }) @Absent() @IsBoolean() enabled: boolean = true;

  static toDraft(dto: PutModelDto): ModelDraft {
    return { contextWindow: dto.context_window, maxAnswerTokens: dto.max_answer_tokens, tokenizer: dto.tokenizer ?? null, enabled: dto.enabled };
  }
}

export class AdminModelDto {
  @ApiProperty() name!: string;
  @ApiProperty() context_window!: number;
  @ApiProperty() max_answer_tokens!: number;
  @ApiProperty({ type: String, nullable: true }) tokenizer!: string | null;
  @ApiProperty() enabled!: boolean;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) updated_at!: string;

  static of(model: ListedModel): AdminModelDto {
    return {
      name: model.name, context_window: model.contextWindow, max_answer_tokens: model.maxAnswerTokens, tokenizer: model.tokenizer, enabled: model.enabled,
      created_at: model.createdAt.toISOString(), updated_at: model.updatedAt.toISOString(),
    };
  }
}

export class AdminModelListDto {
  @ApiProperty({ type: [AdminModelDto] }) data!: AdminModelDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<ListedModel>): AdminModelListDto {
    return { data: page.data.map((model) => AdminModelDto.of(model)), next_cursor: page.nextCursor ?? null };
  }
}
