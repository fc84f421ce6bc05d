import { ApiProperty } from '@nestjs/swagger';
import { IsString, Matches, ValidateIf } from 'class-validator';
import { NICKNAME, type User } from './user.js';

/** A user as it sees itself. */
export class MeDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, nullable: true }) nickname!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) last_login_at!: string;

  static of(user: User): MeDto {
    return {
      id: user.id,
      nickname: user.nickname ?? null,
      created_at: new Date(user.createdAt).toISOString(),
      last_login_at: new Date(user.lastLoginAt).toISOString(),
    };
  }
}

export class RenameDto {
  @ApiProperty({ type: String, nullable: true, minLength: 1, maxLength: 40, description: 'null removes the name' })
  @ValidateIf((dto: RenameDto) => dto.nickname !== null)
  @IsString()
  @Matches(NICKNAME, { message: 'nickname must have 1 to 40 characters, not only blanks, and no control characters' })
  nickname!: string | null;
}
