import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsString, Matches, ValidateIf } from 'class-validator';
import type { ReadyAnswer, ReadyAnswerDraft } from '../../chat/index.js';
import type { Page } from '../../platform/values/index.js';

/** Texts that PostgreSQL can hold, with something in them; lengths in characters (code points). */
const QUESTION = /^(?=[^]*\S)[^\0]{1,500}$/u;
const ANSWER = /^(?=[^]*\S)[^\0]{1,4000}$/u;
const MODEL = /^[A-Za-z0-9][\w.:/-]{0,99}$/;

export class PutReadyAnswerDto {
  @ApiProperty({ maxLength: 500, description: 'Found whatever the case, width and spacing of its letters and the marks at its end; one answer for each question and model.' })
  @IsString()
  @Matches(QUESTION, { message: 'question must have 1 to 500 characters, not only blanks' })
  question!: string;

  @ApiProperty({ maxLength: 4000 })
  @IsString()
  @Matches(ANSWER, { message: 'answer must have 1 to 4000 characters, not only blanks' })
  answer!: string;

  @ApiPropertyOptional({ type: String, nullable: true, description: 'Public name of the only model that it stands in for; null: any.' })
  @ValidateIf((_, value) => value !== undefined && value !== null)
  @IsString()
  @Matches(MODEL, { message: 'model must be a model name' })
  model?: string | null;

  @ApiPropertyOptional({ default: true, description: 'false: kept, and not given.' })
  @ValidateIf((_, value) => value !== undefined)
  @IsBoolean()
  enabled: boolean = true;

  static toDraft(dto: PutReadyAnswerDto): ReadyAnswerDraft {
    return { question: dto.question.toWellFormed(), answer: dto.answer.toWellFormed(), model: dto.model ?? undefined, enabled: dto.enabled };
  }
}

export class ReadyAnswerDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() question!: string;
  @ApiProperty() answer!: string;
  @ApiProperty({ type: String, nullable: true }) model!: string | null;
  @ApiProperty() enabled!: boolean;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) updated_at!: string;

  static of(answer: ReadyAnswer): ReadyAnswerDto {
    return {
      id: answer.id, question: answer.question, answer: answer.answer, model: answer.model ?? null, enabled: answer.enabled,
      created_at: answer.createdAt.toISOString(), updated_at: answer.updatedAt.toISOString(),
    };
  }
}

export class ReadyAnswerListDto {
  @ApiProperty({ type: [ReadyAnswerDto] }) data!: ReadyAnswerDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(page: Page<ReadyAnswer>): ReadyAnswerListDto {
    return { data: page.data.map((answer) => ReadyAnswerDto.of(answer)), next_cursor: page.nextCursor ?? null };
  }
}
