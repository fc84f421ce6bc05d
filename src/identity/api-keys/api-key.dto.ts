import { ApiProperty } from '@nestjs/swagger';
import { IsString, Matches } from 'class-validator';
import { KEY_NAME, type ApiKey } from './api-key.js';

export class CreateApiKeyDto {
  @ApiProperty({ minLength: 1, maxLength: 60 })
  @IsString()
  @Matches(KEY_NAME, { message: 'name must have 1 to 60 characters, not only blanks, and no control characters' })
  name!: string;
}

export class ApiKeyDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() name!: string;
  @ApiProperty({ example: 'bk_4fT09aZq', description: 'The first characters of the key.' }) prefix!: string;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Exact to about a minute.' }) last_used_at!: string | null;

  static of(key: ApiKey): ApiKeyDto {
    return {
      id: key.id,
      name: key.name,
      prefix: key.prefix,
      created_at: new Date(key.createdAt).toISOString(),
      last_used_at: key.lastUsedAt === undefined ? null : new Date(key.lastUsedAt).toISOString(),
    };
  }
}

export class NewApiKeyDto extends ApiKeyDto {
  @ApiProperty({ description: 'The key. Shown now and never again.' }) key!: string;

  static ofNew(made: { readonly apiKey: ApiKey; readonly key: string }): NewApiKeyDto {
    return { ...ApiKeyDto.of(made.apiKey), key: made.key };
  }
}

/** A user has few keys: always the last page. */
export class ApiKeyListDto {
  @ApiProperty({ type: [ApiKeyDto] }) data!: ApiKeyDto[];
  @ApiProperty({ type: String, nullable: true }) next_cursor!: string | null;

  static of(keys: readonly ApiKey[]): ApiKeyListDto {
    return { data: keys.map((key) => ApiKeyDto.of(key)), next_cursor: null };
  }
}
