import { ApiProperty } from '@nestjs/swagger';
import type { ClientPlatform } from '../../platform/context/index.js';
import { shownModel } from '../settings/model-aliases.js';
import type { Tenant } from '../tenant/tenant.js';

class PublicFeaturesDto {
  @ApiProperty({ description: 'Login by wx.login code is set up.' }) wechat_login!: boolean;
  @ApiProperty({ description: 'Users may make keys for the OpenAI-compatible endpoint.' }) api_keys!: boolean;
  @ApiProperty({ description: 'Users may have a picture of their own: PUT /v1/me/avatar.' }) avatars!: boolean;
}

class LabelFreeTermsDto {
  @ApiProperty() url!: string;
  @ApiProperty({ description: 'For POST /v1/me/agreements.' }) version!: string;
}

/** What an about page shows; null where the tenant has not told it. */
class PublicComplianceDto {
  @ApiProperty({ description: 'Shown beside generated text, and appended to copies.', example: '内容由AI生成，仅供参考' }) notice!: string;
  @ApiProperty({ description: 'Who provides the service, as the metadata of exports tell it.' }) provider!: string;
  @ApiProperty({ type: String, nullable: true }) model_name!: string | null;
  @ApiProperty({ type: String, nullable: true, description: "The model's 备案 or 登记 number." }) model_filing!: string | null;
  @ApiProperty({ type: String, nullable: true, description: 'Number of the algorithm filing (算法备案).' }) algorithm_filing!: string | null;
  @ApiProperty({ type: String, nullable: true }) icp!: string | null;
  @ApiProperty({ type: String, nullable: true }) agreement_url!: string | null;
  @ApiProperty({ type: String, nullable: true }) privacy_url!: string | null;
  @ApiProperty({ type: String, nullable: true }) complaint_url!: string | null;
  @ApiProperty({ type: 'integer', nullable: true, description: 'Days within which complaints are answered.' }) complaint_reply_days!: number | null;
  @ApiProperty({ type: LabelFreeTermsDto, nullable: true, description: 'Terms under which a conversation may be exported without the visible label; null: it may not.' }) label_free_terms!: LabelFreeTermsDto | null;

  static of({ displayName, settings: { compliance } }: Tenant): PublicComplianceDto {
    return {
      notice: compliance.notice,
      provider: compliance.provider ?? displayName,
      model_name: compliance.modelName ?? null,
      model_filing: compliance.modelFiling ?? null,
      algorithm_filing: compliance.algorithmFiling ?? null,
      icp: compliance.icp ?? null,
      agreement_url: compliance.agreementUrl ?? null,
      privacy_url: compliance.privacyUrl ?? null,
      complaint_url: compliance.complaintUrl ?? null,
      complaint_reply_days: compliance.complaintReplyDays ?? null,
      label_free_terms: compliance.labelFreeTerms ?? null,
    };
  }
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
      features: { wechat_login: tenant.appId !== undefined && tenant.hasAppSecret, api_keys: true, avatars: settings.mediaChecks },
      compliance: PublicComplianceDto.of(tenant),
    };
  }
}
