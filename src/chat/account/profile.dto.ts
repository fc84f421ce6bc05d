import { ApiProperty } from '@nestjs/swagger';
import { IsString, Matches, MaxLength, ValidateIf } from 'class-validator';
import { NICKNAME } from '../../identity/index.js';
import { MEDIA_STATES, type MediaState } from '../../moderation/index.js';
import type { Profile } from './profile.service.js';

export class ProfileDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ type: String, nullable: true }) nickname!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'The newest picture that passed.' }) avatar_url!: string | null;
  @ApiProperty({ enum: MEDIA_STATES, nullable: true, description: 'Of the newest picture, which is shown once it has passed. pending: WeChat judges it; review: a person does; failed: nobody could, bring it again.' }) avatar_status!: MediaState | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) last_login_at!: string;

  static of({ user, avatar }: Profile): ProfileDto {
    return {
      id: user.id,
      nickname: user.nickname ?? null,
      avatar_url: avatar.shown?.url ?? null,
      avatar_status: avatar.newest?.state ?? null,
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

export class PutAvatarDto {
  @ApiProperty({ maxLength: 2048, description: 'https, without ? and #, where WeChat can fetch it: jpg, jpeg, png, bmp or gif of at most 10 MB. What is there must not change afterwards.' })
  @IsString()
  @MaxLength(2_048)
  url!: string;
}
