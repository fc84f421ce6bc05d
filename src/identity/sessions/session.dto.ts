import { ApiProperty } from '@nestjs/swagger';
import { IsString, MaxLength, MinLength } from 'class-validator';
import type { TokenPair } from './session.service.js';

export class RefreshDto {
  @ApiProperty({ minLength: 1, maxLength: 200 })
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  refresh_token!: string;
}

export class TokenPairDto {
  @ApiProperty() access_token!: string;
  @ApiProperty({ description: 'Works once; the answer of the exchange holds the next one.' }) refresh_token!: string;
  @ApiProperty({ type: 'integer', description: 'Seconds that the access token lives.' }) expires_in!: number;
  @ApiProperty({ enum: ['Bearer'] }) token_type!: 'Bearer';

  static of(pair: TokenPair): TokenPairDto {
    return { access_token: pair.accessToken, refresh_token: pair.refreshToken, expires_in: pair.expiresIn, token_type: 'Bearer' };
  }
}
