import { ApiProperty } from '@nestjs/swagger';
import { IsEmail, IsString, MaxLength, MinLength } from 'class-validator';

export class StaffLoginDto {
  @ApiProperty({ format: 'email', maxLength: 254 })
  @IsEmail({ require_tld: false })
  @MaxLength(254)
  email!: string;

  @ApiProperty({ minLength: 1, maxLength: 256 })
  @IsString()
  @MinLength(1)
  @MaxLength(256)
  password!: string;
}

export class StaffTokenDto {
  @ApiProperty() access_token!: string;
  @ApiProperty({ type: 'integer', description: 'Seconds that the token lives.' }) expires_in!: number;
  @ApiProperty({ enum: ['Bearer'] }) token_type!: 'Bearer';

  static of(login: { readonly accessToken: string; readonly expiresIn: number }): StaffTokenDto {
    return { access_token: login.accessToken, expires_in: login.expiresIn, token_type: 'Bearer' };
  }
}
