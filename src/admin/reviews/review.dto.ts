import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { REVIEW_KINDS, REVIEW_STATES, type Review, type ReviewFilter, type ReviewKind, type ReviewState } from '../../moderation/index.js';
import { PageQuery } from '../../platform/http/index.js';
import { ID, now, type Page } from '../../platform/values/index.js';

const STATES = ['open', ...REVIEW_STATES] as const;
/** 1 to 500 characters (code points), not only blanks. */
export const NOTE = /^(?=[^]*\S)[^\0]{1,500}$/u;

export class ReviewQuery extends PageQuery {
  @ApiPropertyOptional({ enum: STATES, default: 'open', description: 'open: all that is not decided.' })
  @IsOptional()
  @IsIn(STATES)
  state: ReviewState | 'open' = 'open';

  @ApiPropertyOptional({ enum: REVIEW_KINDS })
  @IsOptional()
  @IsIn(REVIEW_KINDS)
  kind?: ReviewKind;

  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsString()
  @Matches(ID, { message: 'user_id must be an id' })
  user_id?: string;

  @ApiPropertyOptional({ type: Boolean, description: 'true: only what should have been decided by now.' })
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (value === 'true' ? true : value === 'false' ? false : value))
  @IsBoolean()
  overdue?: boolean;

  static toFilter(query: ReviewQuery): ReviewFilter {
    return { state: query.state, kind: query.kind, userId: query.user_id, overdue: query.overdue };
  }
}

export class NoteDto {
  @ApiPropertyOptional({ maxLength: 500, description: "Of an appeal's decision: its user reads it." })
  @IsOptional()
  @IsString()
  @Matches(NOTE, { message: 'note must have 1 to 500 characters, not only blanks' })
  note?: string;
}

export class ReviewDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) tenant_id!: string;
  @ApiProperty({ enum: REVIEW_KINDS }) kind!: ReviewKind;
  @ApiProperty({ enum: REVIEW_STATES, description: 'needs_second: one is for a ban, and another member of staff has to be, too.' }) state!: ReviewState;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) user_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) conversation_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) run_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) message_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The appeal, or the sanction that was proposed.' }) subject_id!: string | null;
  @ApiProperty() label!: string;
  @ApiProperty() reason!: string;
  @ApiProperty({ type: String, nullable: true }) excerpt!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) claimed_by!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) claim_expires_at!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Who was for the ban first.' }) first_by!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) decided_by!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) decided_at!: string | null;
  @ApiProperty({ type: String, nullable: true }) note!: string | null;
  @ApiProperty({ format: 'date-time' }) due_at!: string;
  @ApiProperty() overdue!: boolean;
  @ApiProperty({ format: 'date-time' }) created_at!: string;

  static of(review: Review): ReviewDto {
    return {
      id: review.id, tenant_id: review.tenantId, kind: review.kind, state: review.state, user_id: review.userId ?? null, conversation_id: review.conversationId ?? null, run_id: review.runId ?? null,
      message_id: review.messageId ?? null, subject_id: review.subjectId ?? null, label: review.label, reason: review.reason, excerpt: review.excerpt ?? null, claimed_by: review.claimedBy ?? null,
      claim_expires_at: review.claimExpiresAt?.toISOString() ?? null, first_by: review.firstBy ?? null, decided_by: review.decidedBy ?? null, decided_at: review.decidedAt?.toISOString() ?? null,
      note: review.note ?? null, due_at: review.dueAt.toISOString(), overdue: review.decidedAt === undefined && review.dueAt.getTime() <= now(), created_at: review.createdAt.toISOString(),
    };
  }
}

export class ReviewListDto {
  data!: ReviewDto[];
  next_cursor!: string | null;

  static of(page: Page<Review>): ReviewListDto {
    return { data: page.data.map((review) => ReviewDto.of(review)), next_cursor: page.nextCursor ?? null };
  }
}
