import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, Min, ValidateIf } from 'class-validator';
import { LONGEST_MUTE_SECONDS, SANCTION_KINDS, SANCTION_STATES, type Sanction, type SanctionKind, type SanctionState } from '../../moderation/index.js';
import { PageQuery } from '../../platform/http/index.js';
import { ID, type Page } from '../../platform/values/index.js';

/** 1 to 200 characters (code points), not only blanks. */
const REASON = /^(?=[^]*\S)[^\0]{1,200}$/u;

export class ImposeSanctionDto {
  @ApiProperty({ format: 'uuid' })
  @IsString()
  @Matches(ID, { message: 'user_id must be an id' })
  user_id!: string;

  @ApiProperty({ enum: SANCTION_KINDS, description: 'A ban waits in the review queue for a second member of staff, unless the desk rules let one ban.' })
  @IsIn(SANCTION_KINDS)
  kind!: SanctionKind;

  @ApiPropertyOptional({ type: 'integer', minimum: 60, maximum: LONGEST_MUTE_SECONDS, description: 'How long a mute lasts; of a mute only.' })
  @ValidateIf((dto: ImposeSanctionDto) => dto.kind === 'mute')
  @IsInt()
  @Min(60)
  @Max(LONGEST_MUTE_SECONDS)
  seconds?: number;

  @ApiProperty({ maxLength: 200 })
  @IsString()
  @Matches(REASON, { message: 'reason must have 1 to 200 characters, not only blanks' })
  reason!: string;

  static toWish(dto: ImposeSanctionDto): { userId: string; kind: SanctionKind; seconds: number | undefined; reason: string } {
    return { userId: dto.user_id, kind: dto.kind, seconds: dto.seconds, reason: dto.reason };
  }
}

export class SanctionQuery extends PageQuery {
  @ApiPropertyOptional({ format: 'uuid' })
  @IsOptional()
  @IsString()
  @Matches(ID, { message: 'user_id must be an id' })
  user_id?: string;

  @ApiPropertyOptional({ enum: SANCTION_KINDS })
  @IsOptional()
  @IsIn(SANCTION_KINDS)
  kind?: SanctionKind;

  @ApiPropertyOptional({ enum: SANCTION_STATES })
  @IsOptional()
  @IsIn(SANCTION_STATES)
  state?: SanctionState;
}

export class SanctionDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'uuid' }) user_id!: string;
  @ApiProperty({ enum: SANCTION_KINDS }) kind!: SanctionKind;
  @ApiProperty({ enum: SANCTION_STATES, description: 'A mute that is over stays active: `until` tells.' }) state!: SanctionState;
  @ApiProperty() reason!: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The run whose refusal brought it about.' }) run_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'Staff; null: a rule.' }) imposed_by!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) until!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true, description: 'The proposed ban, of a mute that holds until people have decided about it.' }) beside_id!: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) ended_by!: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) ended_at!: string | null;

  static of(sanction: Sanction): SanctionDto {
    return {
      id: sanction.id, user_id: sanction.userId, kind: sanction.kind, state: sanction.state, reason: sanction.reason, run_id: sanction.runId ?? null, imposed_by: sanction.imposedBy ?? null,
      created_at: sanction.createdAt.toISOString(), until: sanction.until?.toISOString() ?? null, beside_id: sanction.besideId ?? null, ended_by: sanction.endedBy ?? null, ended_at: sanction.endedAt?.toISOString() ?? null,
    };
  }
}

export class SanctionListDto {
  data!: SanctionDto[];
  next_cursor!: string | null;

  static of(page: Page<Sanction>): SanctionListDto {
    return { data: page.data.map((sanction) => SanctionDto.of(sanction)), next_cursor: page.nextCursor ?? null };
  }
}
