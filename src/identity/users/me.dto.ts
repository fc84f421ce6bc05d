import { ApiProperty } from '@nestjs/swagger';
import type { User } from './user.js';

/** A user as it sees itself at the login. */
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
