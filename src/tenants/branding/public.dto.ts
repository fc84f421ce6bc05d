import { ApiProperty } from '@nestjs/swagger';
import type { ClientPlatform } from '../../platform/context/index.js';
import { shownModel } from '../settings/model-aliases.js';
import type { Tenant } from '../tenant/tenant.js';

class PublicFeaturesDto {
  @ApiProperty({ description: 'Login by wx.login code is set up.' }) wechat_login!: boolean;
  @ApiProperty({ description: 'Users may make keys for the OpenAI-compatible endpoint.' }) api_keys!: boolean;
}

class PublicComplianceDto {
  @ApiProperty({ description: 'Shown beside generated text.', example: '内容由 AI 生成，仅供参考' }) notice!: string;
}

/** What a client may know of a tenant before anybody logged in. */
export class PublicTenantDto {
  @ApiProperty() slug!: string;
  @ApiProperty() display_name!: string;
  @ApiProperty({ type: String, nullable: true }) logo_url!: string | null;
  @ApiProperty({ type: String, nullable: true, example: '#07c160' }) theme_color!: string | null;
  @ApiProperty({ type: String, nullable: true }) welcome_text!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'null: the first of the platform' }) default_model!: string | null;
  @ApiProperty({ type: [String], nullable: true, description: 'null: all that GET /v1/models lists' }) models!: string[] | null;
  @ApiProperty({ type: PublicFeaturesDto }) features!: PublicFeaturesDto;
  @ApiProperty({ type: PublicComplianceDto }) compliance!: PublicComplianceDto;

  static of(tenant: Tenant, platform: ClientPlatform): PublicTenantDto {
    const { settings } = tenant;
    const shown = (model: string): string => shownModel(settings.modelAliases, platform, model);
    return {
      slug: tenant.slug,
      display_name: tenant.displayName,
      logo_url: settings.logoUrl ?? null,
      theme_color: settings.themeColor ?? null,
      welcome_text: settings.welcomeText ?? null,
      default_model: settings.defaultModel === undefined ? null : shown(settings.defaultModel),
      models: settings.models === undefined ? null : settings.models.map(shown),
      features: { wechat_login: tenant.appId !== undefined && tenant.hasAppSecret, api_keys: true },
      compliance: { notice: settings.complianceNotice },
    };
  }
}
