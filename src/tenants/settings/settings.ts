import { DomainError } from '../../platform/errors/index.js';
import { COMPLIANCE_RULES, complianceOf, missingTerms, type Compliance, type StoredCompliance } from './compliance.js';
import { aliasFault, type ModelAliases } from './model-aliases.js';
import { decimal, flag, httpsAddress, integer, text, type Rule } from './rule.js';

/** What a tenant set, as stored and as its API shows it. A key that is absent has its default. */
export interface StoredSettings extends StoredCompliance {
  readonly default_model?: string;
  readonly models?: readonly string[];
  readonly model_aliases?: ModelAliases;
  readonly own_channels_only?: boolean;
  readonly system_prompt?: string;
  readonly welcome_text?: string;
  readonly logo_url?: string;
  readonly theme_color?: string;
  readonly signup_credits?: number;
  readonly signup_credits_days?: number;
  readonly daily_free_credits?: number;
  readonly low_balance_credits?: number;
  readonly minimum_answer_tokens?: number;
  readonly topup_usd_per_1000?: string;
  readonly topup_exchange_rate?: string;
  readonly topup_exchange_rate_date?: string;
  readonly topup_exchange_rate_source?: string;
  readonly topup_markup?: string;
  readonly queue_weight?: number;
  readonly queue_paid_weight?: number;
  readonly queue_free_weight?: number;
  readonly tenant_open_runs?: number;
  readonly tenant_queued_runs?: number;
  readonly tenant_runs_per_minute?: number;
  readonly user_open_runs?: number;
  readonly user_queued_runs?: number;
  readonly user_runs_per_minute?: number;
  readonly api_key_open_runs?: number;
  readonly api_key_queued_runs?: number;
  readonly api_key_runs_per_minute?: number;
  readonly response_cache_seconds?: number;
  readonly response_cache_scope?: CacheScope;
  readonly response_cache_models?: readonly string[];
  readonly response_cache_chats?: boolean;
  readonly media_checks?: boolean;
}

/** A change: null brings the default back. */
export type SettingsPatch = { readonly [Key in keyof StoredSettings]?: StoredSettings[Key] | null };

/** The settings in force, defaults included. */
export interface TenantSettings {
  /** Public model name; the platform's first model when undefined. */
  readonly defaultModel: string | undefined;
  /** Public names of the models that this tenant offers; all when undefined. */
  readonly models: readonly string[] | undefined;
  /** Other names of models, by alias. */
  readonly modelAliases: ModelAliases;
  /** Never falls back on the platform's channels. */
  readonly ownChannelsOnly: boolean;
  /** Stands before every conversation that has no prompt of its own. */
  readonly systemPrompt: string | undefined;
  readonly compliance: Compliance;
  readonly welcomeText: string | undefined;
  readonly logoUrl: string | undefined;
  /** `#rrggbb`. */
  readonly themeColor: string | undefined;
  /** Free credits of a new user; 0: none. */
  readonly signupCredits: number;
  /** Days until what is left of them expires; undefined: never. */
  readonly signupCreditsDays: number | undefined;
  /** Free credits of each day (Asia/Shanghai); what is left of them expires at midnight. */
  readonly dailyFreeCredits: number;
  /** Below this balance, in credits, an answer ends with a warning; 0: never. */
  readonly lowBalanceCredits: number;
  /** An answer for which the balance affords fewer tokens than this is refused. */
  readonly minimumAnswerTokens: number;
  /** How credits of any amount are priced; undefined: only packages are sold. */
  readonly topup: TopupPricing | undefined;
  readonly queue: QueueSettings;
  readonly responseCache: ResponseCacheSettings;
  /** Users may bring pictures and sounds, which WeChat judges first; otherwise they may bring none. */
  readonly mediaChecks: boolean;
}

/** Whom a stored answer may serve: the user whom it was made for, or every user of the tenant. */
export const CACHE_SCOPES = ['user', 'tenant'] as const;
export type CacheScope = (typeof CACHE_SCOPES)[number];

/** Which answers are stored and given again to the same request. */
export interface ResponseCacheSettings {
  /** How long an answer may be given again; 0: none is stored. */
  readonly seconds: number;
  readonly scope: CacheScope;
  /** Public names of the models whose answers are stored; all when undefined. */
  readonly models: readonly string[] | undefined;
  /** Whether first questions of chats are served so, too, though a model would vary its words. */
  readonly chats: boolean;
}

/** How a tenant stands in the queue for models. */
export interface QueueSettings {
  /** Its turns against other tenants' when channels are scarce. */
  readonly weight: number;
  /** Turns of a user who has bought credits left against one who has only free ones, inside the tenant. */
  readonly paidWeight: number;
  readonly freeWeight: number;
  readonly tenant: RunLimit;
  readonly user: RunLimit;
  readonly apiKey: RunLimit;
}

/** Undefined: no limit. `open`: runs at once, waiting and being answered; `queued`: waiting; `perMinute`: begun in any minute. */
export interface RunLimit {
  readonly open: number | undefined;
  readonly queued: number | undefined;
  readonly perMinute: number | undefined;
}

/** A dynamic price: USD for 1,000 credits × CNY for a dollar × markup. Decimal texts, exact. */
export interface TopupPricing {
  readonly usdPer1000: string;
  readonly exchangeRate: string;
  /** The day that the rate is of, yyyy-MM-dd, and who published it. */
  readonly exchangeRateDate: string;
  readonly exchangeRateSource: string;
  readonly markup: string;
}

/** A dynamic price needs them all. */
const TOPUP = ['topup_usd_per_1000', 'topup_exchange_rate', 'topup_exchange_rate_date', 'topup_exchange_rate_source', 'topup_markup'] as const;
const DAY = /^\d{4}-\d\d-\d\d$/;
const MODEL = /^[A-Za-z0-9][\w.:/-]{0,99}$/;
const MOST_MODELS = 100;
export const DEFAULT_MINIMUM_ANSWER_TOKENS = 16;
/** Four turns of who pays for one of who does not. */
const DEFAULT_PAID_WEIGHT = 4;
/** Most credits of a setting: far above any use, far below 2^53. */
const MOST_CREDITS = 1_000_000_000_000;
const MOST_RUNS = 1_000_000;
/** Seven days. */
const MOST_CACHE_SECONDS = 604_800;

const RULES: Readonly<Record<keyof StoredSettings, Rule>> = {
  ...COMPLIANCE_RULES,
  default_model: (value) => (isModel(value) ? undefined : 'must be a model name'),
  models: modelList,
  model_aliases: (value) => aliasFault(value, isModel),
  own_channels_only: flag(),
  system_prompt: text(1, 8_000),
  welcome_text: text(1, 500),
  logo_url: httpsAddress(),
  theme_color: (value) => (typeof value === 'string' && /^#[0-9a-fA-F]{6}$/.test(value) ? undefined : 'must be a colour such as #07c160'),
  signup_credits: integer(0, MOST_CREDITS),
  signup_credits_days: integer(1, 3_650),
  daily_free_credits: integer(0, MOST_CREDITS),
  low_balance_credits: integer(0, MOST_CREDITS),
  minimum_answer_tokens: integer(1, 100_000),
  topup_usd_per_1000: decimal(),
  topup_exchange_rate: decimal(),
  topup_exchange_rate_date: (value) => (typeof value === 'string' && DAY.test(value) && !Number.isNaN(Date.parse(value)) ? undefined : 'must be a day such as 2026-11-20'),
  topup_exchange_rate_source: text(1, 100),
  topup_markup: decimal(),
  queue_weight: integer(1, 1_000),
  queue_paid_weight: integer(1, 1_000),
  queue_free_weight: integer(1, 1_000),
  tenant_open_runs: integer(1, MOST_RUNS),
  tenant_queued_runs: integer(0, MOST_RUNS),
  tenant_runs_per_minute: integer(1, MOST_RUNS),
  user_open_runs: integer(1, MOST_RUNS),
  user_queued_runs: integer(0, MOST_RUNS),
  user_runs_per_minute: integer(1, MOST_RUNS),
  api_key_open_runs: integer(1, MOST_RUNS),
  api_key_queued_runs: integer(0, MOST_RUNS),
  api_key_runs_per_minute: integer(1, MOST_RUNS),
  response_cache_seconds: integer(0, MOST_CACHE_SECONDS),
  response_cache_scope: (value) => (CACHE_SCOPES.some((scope) => scope === value) ? undefined : `must be one of ${CACHE_SCOPES.join(', ')}`),
  response_cache_models: modelList,
  response_cache_chats: flag(),
  media_checks: flag(),
};

/**
 * Checks a change that a client sent, key by key.
 * @throws DomainError `invalid_request` that names the key; unknown keys are refused.
 */
export function checkSettingsPatch(patch: unknown, path = 'settings'): SettingsPatch {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) throw invalid(path, 'must be an object');
  for (const [key, value] of Object.entries(patch)) {
    if (!isSetting(key)) throw invalid(`${path}.${key.replace(/[^\w.-]/g, '?').slice(0, 60)}`, 'is not a setting');
    const fault = value === null ? undefined : RULES[key](value);
    if (fault !== undefined) throw invalid(`${path}.${key}`, fault);
  }
  return patch;
}

/**
 * The settings after a change.
 * @throws DomainError `invalid_request` when they contradict each other.
 */
export function mergeSettings(stored: StoredSettings, patch: SettingsPatch): StoredSettings {
  const merged = Object.fromEntries(Object.entries({ ...stored, ...patch }).filter(([, value]) => value !== null && value !== undefined)) as StoredSettings;
  if (merged.default_model !== undefined && merged.models !== undefined && !merged.models.includes(merged.default_model)) {
    throw invalid('settings.default_model', 'must be one of settings.models');
  }
  const terms = missingTerms(merged);
  if (terms !== undefined) throw invalid(`settings.${terms}`, 'must be set together with settings.label_free_exports: users accept these terms first');
  const missing = TOPUP.find((key) => merged[key] === undefined);
  const given = TOPUP.find((key) => merged[key] !== undefined);
  if (missing !== undefined && given !== undefined) throw invalid(`settings.${missing}`, `must be set together with settings.${given}: a dynamic price needs them all`);
  return merged;
}

export function effectiveSettings(stored: StoredSettings): TenantSettings {
  return Object.freeze({
    defaultModel: stored.default_model,
    models: stored.models,
    modelAliases: stored.model_aliases ?? {},
    ownChannelsOnly: stored.own_channels_only ?? false,
    systemPrompt: stored.system_prompt,
    compliance: complianceOf(stored),
    welcomeText: stored.welcome_text,
    logoUrl: stored.logo_url,
    themeColor: stored.theme_color,
    signupCredits: stored.signup_credits ?? 0,
    signupCreditsDays: stored.signup_credits_days,
    dailyFreeCredits: stored.daily_free_credits ?? 0,
    lowBalanceCredits: stored.low_balance_credits ?? 0,
    minimumAnswerTokens: stored.minimum_answer_tokens ?? DEFAULT_MINIMUM_ANSWER_TOKENS,
    topup: topupOf(stored),
    queue: {
      weight: stored.queue_weight ?? 1,
      paidWeight: stored.queue_paid_weight ?? DEFAULT_PAID_WEIGHT,
      freeWeight: stored.queue_free_weight ?? 1,
      tenant: { open: stored.tenant_open_runs, queued: stored.tenant_queued_runs, perMinute: stored.tenant_runs_per_minute },
      user: { open: stored.user_open_runs, queued: stored.user_queued_runs, perMinute: stored.user_runs_per_minute },
      apiKey: { open: stored.api_key_open_runs, queued: stored.api_key_queued_runs, perMinute: stored.api_key_runs_per_minute },
    },
    responseCache: {
      seconds: stored.response_cache_seconds ?? 0,
      scope: stored.response_cache_scope ?? 'user',
      models: stored.response_cache_models,
      chats: stored.response_cache_chats ?? false,
    },
    mediaChecks: stored.media_checks ?? false,
  });
}

function topupOf(stored: StoredSettings): TopupPricing | undefined {
  const { topup_usd_per_1000: usdPer1000, topup_exchange_rate: exchangeRate, topup_exchange_rate_date: exchangeRateDate, topup_exchange_rate_source: exchangeRateSource, topup_markup: markup } = stored;
  if (usdPer1000 === undefined || exchangeRate === undefined || exchangeRateDate === undefined || exchangeRateSource === undefined || markup === undefined) return undefined;
  return { usdPer1000, exchangeRate, exchangeRateDate, exchangeRateSource, markup };
}

function isSetting(key: string): key is keyof StoredSettings {
  return Object.hasOwn(RULES, key);
}

function isModel(value: unknown): boolean {
  return typeof value === 'string' && MODEL.test(value);
}

function modelList(value: unknown): string | undefined {
  const good = Array.isArray(value) && value.length > 0 && value.length <= MOST_MODELS && value.every(isModel) && new Set(value).size === value.length;
  return good ? undefined : `must be a list of 1 to ${MOST_MODELS} different model names`;
}

function invalid(param: string, fault: string): DomainError {
  return new DomainError('invalid_request', { param, message: `${param} ${fault}` });
}
