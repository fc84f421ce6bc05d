import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { APPEAL_KINDS, APPEAL_STATES, type Appeal, type AppealKind, type AppealState } from '../../moderation/index.js';
import { PageQuery } from '../../platform/http/index.js';
import { ID, type Page } from '../../platform/values/index.js';

export class AdminAppealQuery extends PageQuery {
  @ApiPropertyOptional({ enum: APPEAL_STATES })
  @IsOptional()
  @IsIn(APPEAL_STATES)
  state?: AppealState;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsString()
  @Matches(ID, { message: 'user_id must be an id' })
  user_id?: string;
}

export class AdminAppealDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) user_id!: string;
  @ApiProperty({ enum: APPEAL_KINDS }) kind!: AppealKind;
  @ApiProperty({ format: 'uuid' }) subject_id!: string;
  @ApiProperty({ type: String, nullable: true }) text!: string | null;
  @ApiProperty({ enum: APPEAL_STATES }) state!: AppealState;
  @ApiProperty({ type: String, nullable: true }) answer!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) decided_at!: string | null;

  static of(appeal: Appeal): AdminAppealDto {
    return {
      id: appeal.id, user_id: appeal.userId, kind: appeal.kind, subject_id: appeal.subjectId, text: appeal.text ?? null, state: appeal.state, answer: appeal.answer ?? null,
      created_at: appeal.createdAt.toISOString(), decided_at: appeal.decidedAt?.toISOString() ?? null,
    };
  }
}

export class AdminAppealListDto {
  data!: AdminAppealDto[];
  next_cursor!: string | null;

  static of(page: Page<Appeal>): AdminAppealListDto {
    return { data: page.data.map((appeal) => AdminAppealDto.of(appeal)), next_cursor: page.nextCursor ?? null };
  }
}
