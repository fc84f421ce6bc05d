import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import type { Standing, User } from '../../identity/index.js';
import type { PendingBan } from '../../moderation/index.js';
import type { Page } from '../../platform/values/index.js';

export class StandingDto {
  @ApiProperty({ enum: ['active', 'banned'] })
  @IsIn(['active', 'banned'])
  standing!: 'active' | 'banned';

  @ApiPropertyOptional({ minLength: 1, maxLength: 200, description: 'Of a ban, for the staff.' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  reason?: string;
}

/** A user as staff sees it. */
export class UserDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() openid!: string;
  @ApiProperty({ type: String, nullable: true }) unionid!: string | null;
  @ApiProperty({ type: String, nullable: true }) nickname!: string | null;
  @ApiProperty({ enum: ['active', 'banned', 'deleted'] }) standing!: Standing;
  @ApiProperty({ type: String, nullable: true }) standing_reason!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) last_login_at!: string;

  static of(user: User): UserDto {
    return {
      id: user.id,
      openid: user.openid,
      unionid: user.unionid ?? null,
      nickname: user.nickname ?? null,
      standing: user.standing,
      standing_reason: user.standingReason ?? null,
      created_at: new Date(user.createdAt).toISOString(),
      last_login_at: new Date(user.lastLoginAt).toISOString(),
    };
  }
}

/** A ban that one member of staff wants. */
export class PendingBanDto {
  @ApiProperty({ format: 'uuid', description: "The ban, as a sanction. The review queue has it as `subject_id` of an item of the kind `ban`." }) sanction_id!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Until then the user can not ask anything, unless the ban is decided before; null: that is over, or was lifted.' }) muted_until!: string | null;
}

/** What became of a wish for another standing. */
export class StandingResultDto extends UserDto {
  @ApiProperty({ type: PendingBanDto, nullable: true, description: 'A ban that waits for a second member of staff.' }) pending_ban!: PendingBanDto | null;

  static ofResult({ user, pending }: { readonly user: User; readonly pending: PendingBan | undefined }): StandingResultDto {
    return { ...UserDto.of(user), pending_ban: pending === undefined ? null : { sanction_id: pending.sanctionId, muted_until: pending.mutedUntil?.toISOString() ?? null } };
  }
}

/** A page of users, newest first. */
export class UserListDto {
  data!: UserDto[];
  next_cursor!: string | null;

  static of(page: Page<User>): UserListDto {
    return { data: page.data.map((user) => UserDto.of(user)), next_cursor: page.nextCursor ?? null };
  }
}
