import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { APP_ID } from '../../tenants/index.js';
import { TokenPairDto } from '../sessions/session.dto.js';
import type { TokenPair } from '../sessions/session.service.js';
import { MeDto } from '../users/me.dto.js';
import type { User } from '../users/user.js';

export class WechatLoginDto {
  @ApiProperty({ minLength: 1, maxLength: 256, description: 'From wx.login; good once, for 5 minutes.' })
  @IsString()
  @MinLength(1)
  @MaxLength(256)
  code!: string;

  @ApiPropertyOptional({ description: 'AppID of the mini-program, where neither X-Tenant nor the host names the tenant.' })
  @IsOptional()
  @IsString()
  @Matches(APP_ID, { message: 'app_id must be an AppID' })
  app_id?: string;
}

/** Passes the doors of appeals only. */
export class AppealLoginDto {
  @ApiProperty() access_token!: string;
  @ApiProperty({ description: 'Seconds.' }) expires_in!: number;

  static of(tokens: Pick<TokenPair, 'accessToken' | 'expiresIn'>): AppealLoginDto {
    return { access_token: tokens.accessToken, expires_in: tokens.expiresIn };
  }
}

export class LoginDto extends TokenPairDto {
  @ApiProperty({ type: MeDto }) user!: MeDto;

  static ofLogin(login: { readonly tokens: TokenPair; readonly user: User }): LoginDto {
    return { ...TokenPairDto.of(login.tokens), user: MeDto.of(login.user) };
  }
}
