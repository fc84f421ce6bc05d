import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { CACHE_SCOPES, type CacheScope, type Compliance, type ModelAliases, type TenantSettings } from '../../tenants/index.js';

/** What a tenant may set, for the OpenAPI document; the rules stand in the tenants room. In a change, null brings the default back. */
export class SettingsPatchDto {
  @ApiPropertyOptional({ type: String, nullable: true, description: 'Public model name; one of `models` where they are set.' }) default_model?: string | null;
  @ApiPropertyOptional({ type: [String], nullable: true, description: 'Public names of the models offered; null: all.' }) models?: string[] | null;
  @ApiPropertyOptional({
    type: 'object', nullable: true, example: { smart: { model: 'deepseek-chat', clients: ['ios'], hide: true } },
    additionalProperties: { type: 'object', required: ['model'], properties: { model: { type: 'string' }, clients: { type: 'array', items: { type: 'string', enum: ['ios', 'android', 'other'] } }, hide: { type: 'boolean', default: true } } },
    description: 'Other names of models, by alias. On the client platforms that it names (all unless told) an alias hides the real name, unless hide is false: then it stands beside it.',
  })
  model_aliases?: ModelAliases | null;
  @ApiPropertyOptional({ type: Boolean, nullable: true, description: "Never falls back on the platform's channels." }) own_channels_only?: boolean | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 8000 }) system_prompt?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 200, example: '内容由AI生成，仅供参考', description: 'Shown beside generated text, and on copies and exports: one line with AI or 人工智能, and 生成 or 合成.' }) compliance_notice?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 100, description: 'Name or code of the provider in the metadata of exports; null: the display name.' }) compliance_provider?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 100, description: 'What the public is told of the model.' }) compliance_model_name?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 100, description: "The model's 备案 or 登记 number." }) compliance_model_filing?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 100, description: 'Number of the algorithm filing (算法备案).' }) compliance_algorithm_filing?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 100, description: 'ICP number.' }) compliance_icp?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500, description: 'https only' }) agreement_url?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500, description: 'https only' }) privacy_url?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500, description: 'https only' }) complaint_url?: string | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, maximum: 60, description: 'Days within which complaints are answered.' }) complaint_reply_days?: number | null;
  @ApiPropertyOptional({ type: Boolean, nullable: true, description: 'Users who accepted the terms may export without the visible label; each such export is logged. Needs the next two.' }) label_free_exports?: boolean | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500, description: 'https only. The terms put the duty to label, and the liability, on the user.' }) label_free_terms_url?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 40, description: 'Who accepted another version must accept anew.' }) label_free_terms_version?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500 }) welcome_text?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 500, description: 'https only' }) logo_url?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, example: '#07c160' }) theme_color?: string | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Free credits of a new user.' }) signup_credits?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Days until what is left of them expires; null: never.' }) signup_credits_days?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Free credits of each day in Asia/Shanghai; they expire at midnight.' }) daily_free_credits?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Below this balance answers end with a warning; 0: never.' }) low_balance_credits?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'An answer is refused when the balance affords fewer tokens.' }) minimum_answer_tokens?: number | null;
  @ApiPropertyOptional({ type: String, nullable: true, example: '0.01', description: 'USD for 1,000 credits, as a text. With the next four it sets the dynamic price of any amount; all or none.' }) topup_usd_per_1000?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, example: '7.1234', description: 'CNY for one USD.' }) topup_exchange_rate?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, example: '2026-11-20', description: 'The day that the rate is of.' }) topup_exchange_rate_date?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, maxLength: 100, description: 'Who published the rate.' }) topup_exchange_rate_source?: string | null;
  @ApiPropertyOptional({ type: String, nullable: true, example: '1.5', description: 'Factor on the price.' }) topup_markup?: string | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: "Turns of this tenant against others' when channels are scarce; 1 unless set." }) queue_weight?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, maximum: 1000, description: "Turns of a user who has bought credits left, against queue_free_weight for one who has only free credits, when this tenant's users wait; 4 unless set." }) queue_paid_weight?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 1, maximum: 1000, description: '1 unless set.' }) queue_free_weight?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Answers of the tenant at once, waiting ones included; null: no limit.' }) tenant_open_runs?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Runs of the tenant that may wait in the queue; null: no limit.' }) tenant_queued_runs?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Answers that the tenant may begin in a minute; null: no limit.' }) tenant_runs_per_minute?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Answers of a user at once, waiting ones included; null: no limit.' }) user_open_runs?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Runs of a user that may wait in the queue; null: no limit.' }) user_queued_runs?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Answers that a user may begin in a minute; null: no limit.' }) user_runs_per_minute?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Answers of an API key at once, waiting ones included; null: no limit.' }) api_key_open_runs?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Runs of an API key that may wait in the queue; null: no limit.' }) api_key_queued_runs?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, description: 'Answers that an API key may begin in a minute; null: no limit.' }) api_key_runs_per_minute?: number | null;
  @ApiPropertyOptional({ type: 'integer', nullable: true, minimum: 0, maximum: 604800, description: 'How long an answer may be given again to the same request; 0, the default: never.' }) response_cache_seconds?: number | null;
  @ApiPropertyOptional({ type: String, enum: CACHE_SCOPES, nullable: true, description: 'Whom a stored answer may serve: the user whom it was made for (the default), or every user of the tenant.' }) response_cache_scope?: CacheScope | null;
  @ApiPropertyOptional({ type: [String], nullable: true, description: 'Public names of the models whose answers are stored; null: all.' }) response_cache_models?: string[] | null;
  @ApiPropertyOptional({ type: Boolean, nullable: true, description: 'true: first questions of chats are served so, too. Otherwise only completions at temperature 0 or marked by X-Cache: allow.' }) response_cache_chats?: boolean | null;
  @ApiPropertyOptional({ type: Boolean, nullable: true, description: 'true: users may bring pictures, which WeChat judges before anybody sees them. Otherwise they may bring none.' }) media_checks?: boolean | null;
}

/** The settings in force, defaults included. */
export class SettingsDto {
  @ApiProperty({ type: String, nullable: true }) default_model!: string | null;
  @ApiProperty({ type: [String], nullable: true }) models!: string[] | null;
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'By alias: {model, clients?, hide?}.' }) model_aliases!: ModelAliases;
  @ApiProperty() own_channels_only!: boolean;
  @ApiProperty({ type: String, nullable: true }) system_prompt!: string | null;
  @ApiProperty() compliance_notice!: string;
  @ApiProperty({ type: String, nullable: true }) compliance_provider!: string | null;
  @ApiProperty({ type: String, nullable: true }) compliance_model_name!: string | null;
  @ApiProperty({ type: String, nullable: true }) compliance_model_filing!: string | null;
  @ApiProperty({ type: String, nullable: true }) compliance_algorithm_filing!: string | null;
  @ApiProperty({ type: String, nullable: true }) compliance_icp!: string | null;
  @ApiProperty({ type: String, nullable: true }) agreement_url!: string | null;
  @ApiProperty({ type: String, nullable: true }) privacy_url!: string | null;
  @ApiProperty({ type: String, nullable: true }) complaint_url!: string | null;
  @ApiProperty({ type: 'integer', nullable: true }) complaint_reply_days!: number | null;
  @ApiProperty() label_free_exports!: boolean;
  @ApiProperty({ type: String, nullable: true }) label_free_terms_url!: string | null;
  @ApiProperty({ type: String, nullable: true }) label_free_terms_version!: string | null;
  @ApiProperty({ type: String, nullable: true }) welcome_text!: string | null;
  @ApiProperty({ type: String, nullable: true }) logo_url!: string | null;
  @ApiProperty({ type: String, nullable: true }) theme_color!: string | null;
  @ApiProperty() signup_credits!: number;
  @ApiProperty({ type: 'integer', nullable: true }) signup_credits_days!: number | null;
  @ApiProperty() daily_free_credits!: number;
  @ApiProperty() low_balance_credits!: number;
  @ApiProperty() minimum_answer_tokens!: number;
  @ApiProperty({ type: String, nullable: true }) topup_usd_per_1000!: string | null;
  @ApiProperty({ type: String, nullable: true }) topup_exchange_rate!: string | null;
  @ApiProperty({ type: String, nullable: true }) topup_exchange_rate_date!: string | null;
  @ApiProperty({ type: String, nullable: true }) topup_exchange_rate_source!: string | null;
  @ApiProperty({ type: String, nullable: true }) topup_markup!: string | null;
  @ApiProperty() queue_weight!: number;
  @ApiProperty({ type: 'integer' }) queue_paid_weight!: number;
  @ApiProperty({ type: 'integer' }) queue_free_weight!: number;
  @ApiProperty({ type: 'integer', nullable: true }) tenant_open_runs!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) tenant_queued_runs!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) tenant_runs_per_minute!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) user_open_runs!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) user_queued_runs!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) user_runs_per_minute!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) api_key_open_runs!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) api_key_queued_runs!: number | null;
  @ApiProperty({ type: 'integer', nullable: true }) api_key_runs_per_minute!: number | null;
  @ApiProperty({ type: 'integer' }) response_cache_seconds!: number;
  @ApiProperty({ enum: CACHE_SCOPES }) response_cache_scope!: CacheScope;
  @ApiProperty({ type: [String], nullable: true }) response_cache_models!: string[] | null;
  @ApiProperty() response_cache_chats!: boolean;
  @ApiProperty() media_checks!: boolean;

  static of(settings: TenantSettings): SettingsDto {
    return {
      default_model: settings.defaultModel ?? null,
      models: settings.models === undefined ? null : [...settings.models],
      model_aliases: settings.modelAliases,
      own_channels_only: settings.ownChannelsOnly,
      system_prompt: settings.systemPrompt ?? null,
      ...complianceJson(settings.compliance),
      welcome_text: settings.welcomeText ?? null,
      logo_url: settings.logoUrl ?? null,
      theme_color: settings.themeColor ?? null,
      signup_credits: settings.signupCredits,
      signup_credits_days: settings.signupCreditsDays ?? null,
      daily_free_credits: settings.dailyFreeCredits,
      low_balance_credits: settings.lowBalanceCredits,
      minimum_answer_tokens: settings.minimumAnswerTokens,
      topup_usd_per_1000: settings.topup?.usdPer1000 ?? null,
      topup_exchange_rate: settings.topup?.exchangeRate ?? null,
      topup_exchange_rate_date: settings.topup?.exchangeRateDate ?? null,
      topup_exchange_rate_source: settings.topup?.exchangeRateSource ?? null,
      topup_markup: settings.topup?.markup ?? null,
      queue_weight: settings.queue.weight,
      queue_paid_weight: settings.queue.paidWeight,
      queue_free_weight: settings.queue.freeWeight,
      tenant_open_runs: settings.queue.tenant.open ?? null,
      tenant_queued_runs: settings.queue.tenant.queued ?? null,
      tenant_runs_per_minute: settings.queue.tenant.perMinute ?? null,
      user_open_runs: settings.queue.user.open ?? null,
      user_queued_runs: settings.queue.user.queued ?? null,
      user_runs_per_minute: settings.queue.user.perMinute ?? null,
      api_key_open_runs: settings.queue.apiKey.open ?? null,
      api_key_queued_runs: settings.queue.apiKey.queued ?? null,
      api_key_runs_per_minute: settings.queue.apiKey.perMinute ?? null,
      response_cache_seconds: settings.responseCache.seconds,
      response_cache_scope: settings.responseCache.scope,
      response_cache_models: settings.responseCache.models === undefined ? null : [...settings.responseCache.models],
      response_cache_chats: settings.responseCache.chats,
      media_checks: settings.mediaChecks,
    };
  }
}

function complianceJson(compliance: Compliance) {
  return {
    compliance_notice: compliance.notice,
    compliance_provider: compliance.provider ?? null,
    compliance_model_name: compliance.modelName ?? null,
    compliance_model_filing: compliance.modelFiling ?? null,
    compliance_algorithm_filing: compliance.algorithmFiling ?? null,
    compliance_icp: compliance.icp ?? null,
    agreement_url: compliance.agreementUrl ?? null,
    privacy_url: compliance.privacyUrl ?? null,
    complaint_url: compliance.complaintUrl ?? null,
    complaint_reply_days: compliance.complaintReplyDays ?? null,
    label_free_exports: compliance.labelFreeTerms !== undefined,
    label_free_terms_url: compliance.labelFreeTerms?.url ?? null,
    label_free_terms_version: compliance.labelFreeTerms?.version ?? null,
  };
}
