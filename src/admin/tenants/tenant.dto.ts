import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsObject, IsOptional, IsString, Matches, ValidateIf } from 'class-validator';
import { PageQuery } from '../../platform/http/index.js';
import { APP_ID, DOMAIN, SLUG, type Tenant, type TenantChange, type TenantDraft } from '../../tenants/index.js';
import { PUSH_AES_KEY, PUSH_TOKEN } from '../../wechat/index.js';
import { SettingsDto, SettingsPatchDto } from './settings.dto.js';

const NAME = /^(?=.*\S)[^\p{Cc}]{1,80}$/u;
const SECRET = /^[\x21-\x7e]{1,128}$/;
const MOST_DOMAINS = 20;

const FAULT = {
  slug: { message: 'slug must have 1 to 40 characters of a-z, 0-9 and -, with no - at either end' },
  name: { message: 'display_name must have 1 to 80 characters, not only blanks, and no control characters' },
  appId: { message: 'app_id must be an AppID' },
  appSecret: { message: 'app_secret must have 1 to 128 printable ASCII characters' },
  pushToken: { message: 'push_token must be the Token of the message push: 3 to 32 letters and digits' },
  pushAesKey: { message: 'push_aes_key must be the EncodingAESKey of the message push: 43 letters and digits' },
  domains: { each: true, message: 'domains must be host names in lower case, without port' },
} as const;

const TOKEN_TEXT = "The Token of the mini-program's message push; what comes to /webhooks/wechat/{tenant} is verified by it.";
const AES_KEY_TEXT = 'The EncodingAESKey of the message push. Set: letters must come encrypted (安全模式), since in the plain mode a signature does not cover what they say.';

/** Lets a field be absent, but not null. */
const Absent = (): PropertyDecorator => ValidateIf((_, value) => value !== undefined);

export class CreateTenantDto {
  @ApiProperty({ example: 'demo', pattern: SLUG.source }) @IsString() @Matches(SLUG, FAULT.slug) slug!: string;
  @ApiProperty({ maxLength: 80 }) @IsString() @Matches(NAME, FAULT.name) display_name!: string;
  @ApiPropertyOptional() @Absent() @IsString() @Matches(APP_ID, FAULT.appId) app_id?: string;
  @ApiPropertyOptional({ writeOnly: true }) @Absent() @IsString() @Matches(SECRET, FAULT.appSecret) app_secret?: string;
  @ApiPropertyOptional({ writeOnly: true, pattern: PUSH_TOKEN.source, description: TOKEN_TEXT }) @Absent() @IsString() @Matches(PUSH_TOKEN, FAULT.pushToken) push_token?: string;
  @ApiPropertyOptional({ writeOnly: true, pattern: PUSH_AES_KEY.source, description: AES_KEY_TEXT }) @Absent() @IsString() @Matches(PUSH_AES_KEY, FAULT.pushAesKey) push_aes_key?: string;
  @ApiPropertyOptional({ type: [String], maxItems: MOST_DOMAINS })
  @Absent()
  @IsArray()
  @ArrayMaxSize(MOST_DOMAINS)
  @IsString({ each: true })
  @Matches(DOMAIN, FAULT.domains)
  domains?: string[];
  @ApiPropertyOptional({ type: SettingsPatchDto }) @Absent() @IsObject() settings?: object;

  static toDraft(dto: CreateTenantDto): TenantDraft {
    return { slug: dto.slug, displayName: dto.display_name, appId: dto.app_id, appSecret: dto.app_secret, pushToken: dto.push_token, pushAesKey: dto.push_aes_key, domains: dto.domains, settings: dto.settings };
  }
}

export class UpdateTenantDto {
  @ApiPropertyOptional({ pattern: SLUG.source }) @Absent() @IsString() @Matches(SLUG, FAULT.slug) slug?: string;
  @ApiPropertyOptional({ maxLength: 80 }) @Absent() @IsString() @Matches(NAME, FAULT.name) display_name?: string;
  @ApiPropertyOptional({ type: String, nullable: true }) @IsOptional() @IsString() @Matches(APP_ID, FAULT.appId) app_id?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true }) @IsOptional() @IsString() @Matches(SECRET, FAULT.appSecret) app_secret?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true, pattern: PUSH_TOKEN.source, description: TOKEN_TEXT })
  @IsOptional()
  @IsString()
  @Matches(PUSH_TOKEN, FAULT.pushToken)
  push_token?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, writeOnly: true, pattern: PUSH_AES_KEY.source, description: AES_KEY_TEXT })
  @IsOptional()
  @IsString()
  @Matches(PUSH_AES_KEY, FAULT.pushAesKey)
  push_aes_key?: string | null;
  @ApiPropertyOptional({ type: [String], maxItems: MOST_DOMAINS, description: 'Replaces the list.' })
  @Absent()
  @IsArray()
  @ArrayMaxSize(MOST_DOMAINS)
  @IsString({ each: true })
  @Matches(DOMAIN, FAULT.domains)
  domains?: string[];
  @ApiPropertyOptional({ type: SettingsPatchDto, description: 'Changes the keys that are given; null brings a default back.' }) @Absent() @IsObject() settings?: object;

  static toChange(dto: UpdateTenantDto): TenantChange {
    return { slug: dto.slug, displayName: dto.display_name, appId: dto.app_id, appSecret: dto.app_secret, pushToken: dto.push_token, pushAesKey: dto.push_aes_key, domains: dto.domains, settings: dto.settings };
  }
}

export class TenantQuery extends PageQuery {
  @ApiPropertyOptional() @IsOptional() @IsString() @Matches(SLUG, FAULT.slug) slug?: string;
}

/** A tenant as platform staff sees it; its secrets never. */
export class TenantDto {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() slug!: string;
  @ApiProperty() display_name!: string;
  @ApiProperty({ type: String, nullable: true }) app_id!: string | null;
  @ApiProperty() has_app_secret!: boolean;
  @ApiProperty() has_push_token!: boolean;
  @ApiProperty() has_push_aes_key!: boolean;
  @ApiProperty({ enum: ['active', 'suspended'] }) state!: 'active' | 'suspended';
  @ApiProperty({ type: [String] }) domains!: string[];
  @ApiProperty({ type: SettingsDto }) settings!: SettingsDto;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ format: 'date-time' }) updated_at!: string;

  static of(tenant: Tenant): TenantDto {
    return {
      id: tenant.id,
      slug: tenant.slug,
      display_name: tenant.displayName,
      app_id: tenant.appId ?? null,
      has_app_secret: tenant.hasAppSecret,
      has_push_token: tenant.hasPushToken,
      has_push_aes_key: tenant.hasPushAesKey,
      state: tenant.state,
      domains: [...tenant.domains],
      settings: SettingsDto.of(tenant.settings),
      created_at: new Date(tenant.createdAt).toISOString(),
      updated_at: new Date(tenant.updatedAt).toISOString(),
    };
  }
}
