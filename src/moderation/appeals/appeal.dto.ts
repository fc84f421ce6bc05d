import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { ID, type Page } from '../../platform/values/index.js';
import { APPEAL_KINDS, APPEAL_STATES, type Appeal, type AppealKind, type AppealState, type AppealWish } from './appeal.js';

/** 1 to 1,000 characters (code points), not only blanks. */
const TEXT = /^(?=[^]*\S)[^\0]{1,1000}$/u;

export class FileAppealDto {
  @ApiProperty({ enum: APPEAL_KINDS, description: 'message: the refusal of the message that began `run_id`; sanction: `sanction_id`; ban: the ban that keeps you out.' })
  @IsIn(APPEAL_KINDS)
  kind!: AppealKind;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsString()
  @Matches(ID, { message: 'run_id must be an id' })
  run_id?: string;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsString()
  @Matches(ID, { message: 'sanction_id must be an id' })
  sanction_id?: string;

  @ApiProperty({ maxLength: 1000 })
  @IsString()
  @Matches(TEXT, { message: 'text must have 1 to 1000 characters, not only blanks' })
  text!: string;

  static toWish(dto: FileAppealDto): AppealWish {
    return { kind: dto.kind, runId: dto.run_id, sanctionId: dto.sanction_id, text: dto.text };
  }
}

/** An appeal as its user sees it. */
export class AppealDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ enum: APPEAL_KINDS }) kind!: AppealKind;
  @ApiProperty({ format: 'uuid', description: 'Of a message its run, of a sanction its id, of a ban the user.' }) subject_id!: string;
  @ApiProperty({ type: String, nullable: true }) text!: string | null;
  @ApiProperty({ enum: APPEAL_STATES }) state!: AppealState;
  @ApiProperty({ type: String, nullable: true, description: 'What was said to it.' }) answer!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) decided_at!: string | null;

  static of(appeal: Appeal): AppealDto {
    return {
      id: appeal.id, kind: appeal.kind, subject_id: appeal.subjectId, text: appeal.text ?? null, state: appeal.state, answer: appeal.answer ?? null,
      created_at: appeal.createdAt.toISOString(), decided_at: appeal.decidedAt?.toISOString() ?? null,
    };
  }
}

export class AppealListDto {
  data!: AppealDto[];
  next_cursor!: string | null;

  static of(page: Page<Appeal>): AppealListDto {
    return { data: page.data.map((appeal) => AppealDto.of(appeal)), next_cursor: page.nextCursor ?? null };
  }
}
