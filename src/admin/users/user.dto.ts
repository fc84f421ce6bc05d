import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, MaxLength } from 'class-validator';
import type { Standing, User } from '../../identity/index.js';
import type { Page } from '../../platform/values/index.js';

export class StandingDto {
  @ApiProperty({ enum: ['active', 'banned'] })
  @IsIn(['active', 'banned'])
  standing!: 'active' | 'banned';

  @ApiPropertyOptional({ maxLength: 200, description: 'Of a ban, for the staff.' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
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

/** A page of users, newest first. */
export class UserListDto {
  data!: UserDto[];
  next_cursor!: string | null;

  static of(page: Page<User>): UserListDto {
    return { data: page.data.map((user) => UserDto.of(user)), next_cursor: page.nextCursor ?? null };
  }
}
