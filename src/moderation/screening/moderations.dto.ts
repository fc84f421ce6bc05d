import { ApiExtraModels, ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, Validate, ValidatorConstraint, type ValidatorConstraintInterface } from 'class-validator';
import { newId } from '../../platform/values/index.js';
import { lengthOf } from './judged-texts.js';
import type { ModerationResult } from './moderations.service.js';

const MOST_TEXTS = 32;
const MOST_LENGTH = 32_000;
const MOST_TOGETHER = 64_000;


@ValidatorConstraint({ name: 'moderationInput' })
class ModerationInput implements ValidatorConstraintInterface {
  validate(value: unknown): boolean {
    const texts: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (texts.length < 1 || texts.length > MOST_TEXTS || !texts.every((text) => typeof text === 'string' && text.length <= MOST_LENGTH)) return false;
    return lengthOf(texts as readonly string[]) <= MOST_TOGETHER;
  }

  defaultMessage(): string {
    return `input must be a text, or a list of 1 to ${MOST_TEXTS} texts, of at most ${MOST_LENGTH} characters each and ${MOST_TOGETHER} together`;
  }
}

export class CreateModerationDto {
  @ApiProperty({ description: `At most ${MOST_TOGETHER} characters in all.`, oneOf: [{ type: 'string', maxLength: MOST_LENGTH }, { type: 'array', minItems: 1, maxItems: MOST_TEXTS, items: { type: 'string', maxLength: MOST_LENGTH } }] })
  @Validate(ModerationInput)
  input!: string | string[];

  @ApiPropertyOptional({ description: 'Taken for the sake of clients that send it; the platform\'s own model judges.' })
  @IsOptional()
  @IsString()
  @MaxLength(100)
  model?: string;

  static toTexts({ input }: CreateModerationDto): readonly string[] {
    return Array.isArray(input) ? input : [input];
  }
}

export class ModerationResultDto {
  @ApiProperty({ description: 'Whether any category counts by the tenant\'s thresholds.' }) flagged!: boolean;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'boolean' }, description: 'Categories of word lists stand as `local/<category>`.' }) categories!: Record<string, boolean>;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'number' } }) category_scores!: Record<string, number>;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'array', items: { type: 'string', enum: ['text'] } } }) category_applied_input_types!: Record<string, string[]>;
}

@ApiExtraModels(ModerationResultDto)
export class ModerationDto {
  @ApiProperty() id!: string;
  @ApiProperty() model!: string;
  @ApiProperty({ type: [ModerationResultDto] }) results!: ModerationResultDto[];

  static of(results: readonly ModerationResult[]): ModerationDto {
    return {
      id: `modr-${newId()}`,
      model: 'bailiao-moderation',
      results: results.map(({ flagged, categories, scores }) => ({
        flagged, categories: { ...categories }, category_scores: { ...scores }, category_applied_input_types: Object.fromEntries(Object.keys(scores).map((category) => [category, ['text']])),
      })),
    };
  }
}
