import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayUnique, IsArray, IsBoolean, IsIn, IsInt, Max, Min, ValidateIf, ValidateNested } from 'class-validator';
import { DEFAULT_DESK_RULES, LONGEST_MUTE_SECONDS, LONGEST_PERIOD_SECONDS, SANCTION_KINDS, type DeskRules, type Rung, type SanctionKind } from '../../moderation/index.js';

export class RungDto {
  @ApiProperty({ enum: SANCTION_KINDS })
  @IsIn(SANCTION_KINDS)
  kind!: SanctionKind;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 1000, description: 'Refused messages that bring it about.' })
  @IsInt()
  @Min(1)
  @Max(1000)
  count!: number;

  @ApiProperty({ type: 'integer', minimum: 60, maximum: LONGEST_PERIOD_SECONDS })
  @IsInt()
  @Min(60)
  @Max(LONGEST_PERIOD_SECONDS)
  within_seconds!: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 60, maximum: LONGEST_MUTE_SECONDS, description: 'Of a mute.' })
  @ValidateIf((dto: RungDto) => dto.kind === 'mute')
  @IsInt()
  @Min(60)
  @Max(LONGEST_MUTE_SECONDS)
  mute_seconds?: number;

  @ApiPropertyOptional({ description: 'Of a ban; true: it holds at once, without two people having looked at it.' })
  @ValidateIf((dto: RungDto) => dto.kind === 'ban')
  @IsBoolean()
  automatic: boolean = false;

  static toRung(dto: RungDto): Rung {
    const { kind, count, within_seconds: withinSeconds } = dto;
    switch (kind) {
      case 'warn':
        return { kind, count, withinSeconds };
      case 'mute':
        return { kind, count, withinSeconds, muteSeconds: dto.mute_seconds ?? 0 };
      case 'ban':
        return { kind, count, withinSeconds, automatic: dto.automatic };
    }
  }

  static of(rung: Rung): RungDto {
    const { kind, count, withinSeconds } = rung;
    return { kind, count, within_seconds: withinSeconds, ...(kind === 'mute' ? { mute_seconds: rung.muteSeconds } : {}), automatic: kind === 'ban' && rung.automatic };
  }
}

export class DeskRulesDto {
  @ApiProperty({ type: [RungDto], maxItems: 3, description: 'What follows from refused messages; at most one rung of a kind, none: nothing follows.' })
  @IsArray()
  @ArrayMaxSize(3)
  @ArrayUnique((rung: RungDto | undefined) => rung?.kind, { message: 'ladder must have at most one rung of a kind' })
  @ValidateNested({ each: true })
  @Type(() => RungDto)
  ladder!: RungDto[];

  @ApiPropertyOptional({ type: 'integer', minimum: 0, maximum: 100, default: 3, description: 'So many answers that moderation broke off count on the ladder as one refused message; 0: they do not count.' })
  @IsInt()
  @Min(0)
  @Max(100)
  answers_per_offence: number = DEFAULT_DESK_RULES.answersPerOffence;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 43200, description: 'Minutes within which an item of the review queue is to be decided.' })
  @IsInt()
  @Min(1)
  @Max(43_200)
  review_due_minutes!: number;

  @ApiProperty({ type: 'integer', minimum: 1, maximum: 1440, description: 'Minutes that a claim lasts.' })
  @IsInt()
  @Min(1)
  @Max(1_440)
  claim_minutes!: number;

  @ApiPropertyOptional({ default: false, description: 'true: one member of staff may ban a user. Otherwise a ban by hand takes two.' })
  @IsBoolean()
  ban_by_one: boolean = false;

  @ApiProperty({ description: "true: messages to the mini-program's customer service go to WeChat's own desk." })
  @IsBoolean()
  hand_over!: boolean;

  static toRules(dto: DeskRulesDto): DeskRules {
    return { ladder: dto.ladder.map((rung) => RungDto.toRung(rung)), answersPerOffence: dto.answers_per_offence, reviewDueMinutes: dto.review_due_minutes, claimMinutes: dto.claim_minutes, banByOne: dto.ban_by_one, handOver: dto.hand_over };
  }

  static of(rules: DeskRules): DeskRulesDto {
    return { ladder: rules.ladder.map((rung) => RungDto.of(rung)), answers_per_offence: rules.answersPerOffence, review_due_minutes: rules.reviewDueMinutes, claim_minutes: rules.claimMinutes, ban_by_one: rules.banByOne, hand_over: rules.handOver };
  }
}
