import type { MasterKeys } from '../crypto/index.js';
import { AllowList } from '../network/index.js';
import { APP_ROLE, PLATFORM_ROLE, urlForRole } from './database-roles.js';
import { Environment, type Setting } from './environment.js';
import { readModels, type ModelSetting } from './model-list.js';

export type Role = 'all' | 'api' | 'worker';

/** Everything that the environment may say, typed and checked once at start. */
export interface Config {
  readonly role: Role;
  readonly production: boolean;
  readonly http: { readonly host: string; readonly port: number; readonly publicUrl: string; readonly trustedHops: number };
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly database: { readonly appUrl: string; readonly platformUrl: string; readonly poolSize: number };
  readonly redis: { readonly url: string };
  readonly masterKeys: MasterKeys;
  readonly jwtSecret: Uint8Array;
  readonly openai: { readonly baseUrl: string; readonly apiKey: string; readonly models: readonly ModelSetting[] };
  /** The endpoint that judges texts (layer 3); without an address nobody judges there. */
  readonly moderation: {
    readonly baseUrl: string | undefined;
    readonly apiKey: string;
    readonly model: string;
    /** Checks that one user may have of the budget which WeChat gives an app (layer 2). */
    readonly wechat: { readonly userPerMinute: number; readonly userPerDay: number };
  };
  /** Private places that channels may lead to nevertheless: hosts, addresses, ranges. */
  readonly upstreamPrivateAllowList: AllowList;
  readonly upstreamTimeouts: { readonly connectMs: number; readonly firstTokenMs: number; readonly betweenTokensMs: number; readonly thoughtMs: number };
  /** A channel that fails so many times in a row is left alone for `openMs`, doubling up to a minute. */
  readonly breaker: { readonly failures: number; readonly openMs: number };
  /** How models that this process serves itself are served: answers at once, requests that may wait and how long, tokens of a context, threads that compute (0: all processors but one), patience with loading. */
  readonly localModels: { readonly sequences: number; readonly queue: number; readonly queueMs: number; readonly contextTokens: number; readonly threads: number; readonly loadMs: number };
  readonly wechat: { readonly apiBaseUrl: string; readonly payBaseUrl: string; /** Asked when the first host did not answer. */ readonly payStandbyUrl: string | undefined };
  readonly bootstrapAdmin: { readonly email: string; readonly password: string | undefined };
  readonly runs: {
    /** Answers that a worker produces at once. */
    readonly concurrency: number;
    /** Runs of one tenant that may wait. */
    readonly maxQueued: number;
    /** A longer predicted wait is refused: for people at a screen, and for programs. */
    readonly longestWaitMs: number;
    readonly longestBulkWaitMs: number;
    readonly logTtlSeconds: number;
  };
  readonly sessions: { readonly accessSeconds: number; readonly refreshSeconds: number };
  /** How long streams may go on after SIGTERM. */
  readonly shutdownGraceMs: number;
  /** Where the try-out page's demo login gets its `wx.login` codes; unset serves no page. */
  readonly tryoutCodeUrl: string | undefined;
}

/**
 * Reads and checks the environment.
 * @throws ConfigurationError that lists everything that is wrong.
 */
export function readConfig(raw: Readonly<Record<string, string | undefined>>): Config {
  const env = new Environment(raw);
  const config = configOf(env);
  env.finish();
  return Object.freeze(config);
}

function configOf(env: Environment): Config {
  const production = env.optional('NODE_ENV', '`production`: nothing embedded, no simulator, and what is missing is a start error') === 'production';
  const masterKeys = readMasterKeys(env);
  const port = env.integer('PORT', 'the port to listen on; 0 takes a free one', 3000, 0, 65_535);
  const config: Config = {
    role: env.oneOf('ROLE', 'what this process does: serve requests, produce answers, or both', ['all', 'api', 'worker'], 'all'),
    production,
    http: {
      host: env.text('HOST', 'the address to listen on', '0.0.0.0'),
      port,
      publicUrl: env.url('PUBLIC_URL', ['http:', 'https:'], 'the address that clients and WeChat use; https in production, this machine excepted', `http://localhost:${port}`),
      trustedHops: env.integer('TRUSTED_PROXY_HOPS', "how many proxies in front may name the client's address", 0, 0, 10),
    },
    logLevel: env.oneOf('LOG_LEVEL', 'the least that is logged', ['debug', 'info', 'warn', 'error'], 'info'),
    database: readDatabase(env, masterKeys),
    redis: { url: env.url('REDIS_URL', ['redis:', 'rediss:'], 'the address of Redis, such as redis://:password@host:6379/0, with maxmemory-policy noeviction') },
    masterKeys,
    jwtSecret: readJwtSecret(env),
    openai: {
      baseUrl: env.url('OPENAI_BASE_URL', ['http:', 'https:'], 'the base URL of the default channel: any OpenAI-compatible server, ending in /v1'),
      apiKey: env.text('OPENAI_API_KEY', 'the key of the default channel'),
      models: readModels(env),
    },
    moderation: readModeration(env),
    upstreamPrivateAllowList: readAllowList(env),
    upstreamTimeouts: {
      connectMs: env.integer('UPSTREAM_CONNECT_TIMEOUT_MS', 'how long a channel may take to be reached', 10_000, 10, 600_000),
      firstTokenMs: env.integer('UPSTREAM_FIRST_TOKEN_TIMEOUT_MS', 'how long it may take to its first word', 60_000, 10, 600_000),
      betweenTokensMs: env.integer('UPSTREAM_BETWEEN_TOKENS_TIMEOUT_MS', 'how long it may be silent between words', 30_000, 10, 600_000),
      thoughtMs: env.integer('UPSTREAM_THOUGHT_TIMEOUT_MS', 'how long it may send thoughts and no word; reasoning models take minutes', 900_000, 10, 3_600_000),
    },
    breaker: { failures: env.integer('UPSTREAM_BREAKER_FAILURES', 'a channel that fails so often in a row is left alone', 5, 1, 1_000), openMs: env.integer('UPSTREAM_BREAKER_OPEN_MS', 'for so long, doubling up to a minute', 5_000, 10, 600_000) },
    localModels: {
      sequences: env.integer('LOCAL_MODEL_SEQUENCES', 'answers at once of each model that a worker serves itself', 2, 1, 64),
      queue: env.integer('LOCAL_MODEL_QUEUE', 'requests that wait behind them', 16, 0, 10_000),
      queueMs: env.integer('LOCAL_MODEL_QUEUE_TIMEOUT_MS', 'how long one may wait there', 30_000, 10, 600_000),
      contextTokens: env.integer('LOCAL_MODEL_CONTEXT_TOKENS', 'most tokens of prompt and answer together', 4_096, 64, 1_048_576),
      threads: env.integer('LOCAL_MODEL_THREADS', 'threads that compute; 0: all processors but one', 0, 0, 256),
      loadMs: env.integer('LOCAL_MODEL_LOAD_TIMEOUT_MS', 'how long a model may take to load', 120_000, 100, 3_600_000),
    },
    wechat: readWechat(env),
    bootstrapAdmin: {
      email: env.text('BOOTSTRAP_ADMIN_EMAIL', 'the first platform admin, made where there is none', 'admin@example.com'),
      password: env.optional('BOOTSTRAP_ADMIN_PASSWORD', 'at least 10 characters; without it one is made and shown once'),
    },
    runs: {
      concurrency: env.integer('RUN_CONCURRENCY', 'answers that one worker produces at once', 1_500, 1, 20_000),
      maxQueued: env.integer('RUN_QUEUE_LIMIT', 'answers of one tenant that may wait, and a tenth of all that may; beyond it `queue_full`', 10_000, 1, 1_000_000),
      longestWaitMs: env.integer('RUN_QUEUE_WAIT_MS', 'a longer predicted wait is refused: for people at a screen', 60_000, 1_000, 3_600_000),
      longestBulkWaitMs: env.integer('RUN_QUEUE_BULK_WAIT_MS', 'the same for programs with an API key', 600_000, 1_000, 3_600_000),
      logTtlSeconds: env.integer('STREAM_LOG_TTL_SECONDS', 'how long a stream can be resumed after its last event', 3_600, 10, 86_400),
    },
    sessions: {
      accessSeconds: env.integer('ACCESS_TOKEN_SECONDS', 'life of an access token', 900, 1, 86_400),
      refreshSeconds: env.integer('REFRESH_TOKEN_SECONDS', 'life of a login that is not used', 30 * 86_400, 10, 365 * 86_400),
    },
    shutdownGraceMs: env.integer('SHUTDOWN_GRACE_MS', 'how long streams may go on after SIGTERM', 30_000, 0, 600_000),
    tryoutCodeUrl: env.optional('TRYOUT_CODE_URL', 'where the try-out page gets its login codes: set by `npm start` beside simulators, refused in production'),
  };
  if (config.production && config.tryoutCodeUrl !== undefined) env.fault('TRYOUT_CODE_URL', 'must not be set in production: the try-out page logs anybody in');
  if (config.production && !isSecureOrLocal(config.http.publicUrl)) env.fault('PUBLIC_URL', 'must start with https:// in production: WeChat Pay notifies no other address, and mini-programs call no other (http://localhost is let pass, for trials)');
  const password = config.bootstrapAdmin.password;
  if (password !== undefined && password.length < 10) env.fault('BOOTSTRAP_ADMIN_PASSWORD', 'must have at least 10 characters');
  return config;
}

/** A URL that can't be parsed is another fault's business. */
function isSecureOrLocal(url: string): boolean {
  if (!URL.canParse(url)) return true;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

/** `MASTER_KEY` alone is version 1; `MASTER_KEY_<n>` adds further versions, of which the highest seals. */
function readMasterKeys(env: Environment): MasterKeys {
  const byVersion = new Map<number, Uint8Array>();
  for (let version = 1; version <= 9; version += 1) {
    const name = version === 1 ? 'MASTER_KEY' : `MASTER_KEY_${version}`;
    const value = version === 1 ? env.text(name, "seals tenants' secrets: 32 random bytes as base64 (openssl rand -base64 32)") : env.optional(name, 'further versions of the master key; the highest seals, all of them open');
    if (value === undefined || value === '') continue;
    const key = Buffer.from(value, 'base64');
    if (key.length !== 32) env.fault(name, 'must be 32 bytes as base64 (openssl rand -base64 32)');
    else byVersion.set(version, key);
  }
  return { current: Math.max(0, ...byVersion.keys()), byVersion };
}

/** None of it is needed: a platform may do without this layer. */
function readModeration(env: Environment): Config['moderation'] {
  const what = 'the base URL of an OpenAI-compatible moderation endpoint, ending in /v1; without it the third layer of moderation judges nothing';
  const isSet = env.optional('MODERATION_BASE_URL', what) !== undefined;
  return {
    baseUrl: isSet ? env.url('MODERATION_BASE_URL', ['http:', 'https:'], what) : undefined,
    apiKey: env.optional('MODERATION_API_KEY', 'the key of the moderation endpoint') ?? '',
    model: env.text('MODERATION_MODEL', 'the model that judges there', 'omni-moderation-latest'),
    // One text may take eight checks: less would keep long ones from ever being checked.
    wechat: {
      userPerMinute: env.integer('MODERATION_WECHAT_USER_MINUTE', "checks by WeChat that one user may have in a minute, of the 4,000 of the tenant's app; beyond them the layer counts as one that can't be asked", 60, 8, 4_000),
      userPerDay: env.integer('MODERATION_WECHAT_USER_DAY', "the same in a day, of the app's 2,000,000", 3_000, 8, 2_000_000),
    },
  };
}

function readAllowList(env: Environment): AllowList {
  const entries = (env.optional('UPSTREAM_PRIVATE_ALLOWLIST', 'private places that channels may lead to nevertheless: hosts, addresses, ranges, such as gpu.internal,10.1.0.0/16') ?? '').split(',').map((entry) => entry.trim()).filter((entry) => entry !== '');
  try {
    return new AllowList(entries);
  } catch {
    env.fault('UPSTREAM_PRIVATE_ALLOWLIST', 'must list host names, addresses or ranges such as 10.1.0.0/16, separated by commas');
    return new AllowList([]);
  }
}

function readWechat(env: Environment): Config['wechat'] {
  const standby = "WeChat Pay's second host, asked when the first does not answer; none beside a WECHATPAY_BASE_URL of your own, unless given";
  const pay = 'the host of WeChat Pay';
  const isOwnPay = env.optional('WECHATPAY_BASE_URL', pay) !== undefined;
  const hasStandby = !isOwnPay || env.optional('WECHATPAY_STANDBY_URL', standby) !== undefined;
  return {
    apiBaseUrl: env.url('WECHAT_API_BASE_URL', ['http:', 'https:'], 'the host of the WeChat API', 'https://api.weixin.qq.com'),
    payBaseUrl: env.url('WECHATPAY_BASE_URL', ['http:', 'https:'], pay, 'https://api.mch.weixin.qq.com'),
    payStandbyUrl: hasStandby ? env.url('WECHATPAY_STANDBY_URL', ['http:', 'https:'], standby, 'https://api2.mch.weixin.qq.com') : undefined,
  };
}

function readJwtSecret(env: Environment): Uint8Array {
  const secret = env.text('JWT_SECRET', 'signs access tokens: at least 32 random characters (openssl rand -base64 32)');
  if (secret !== '' && secret.length < 32) env.fault('JWT_SECRET', 'must have at least 32 characters (openssl rand -base64 32)');
  return new TextEncoder().encode(secret);
}

function readDatabase(env: Environment, keys: MasterKeys): Config['database'] {
  const poolSize = env.integer('DATABASE_POOL_SIZE', 'connections of each of the two roles, in each process', 10, 2, 200);
  const ownAppUrl = env.optional('DATABASE_APP_URL', 'the role bailiao_app with a password of your own, instead of the derived one');
  const ownPlatformUrl = env.optional('DATABASE_PLATFORM_URL', 'the same for the role bailiao_platform; with both, DATABASE_URL is for migrations only');
  if (ownAppUrl !== undefined && ownPlatformUrl !== undefined) return { appUrl: ownAppUrl, platformUrl: ownPlatformUrl, poolSize };
  const ownerUrl = readOwnerUrl(env);
  const firstKey = keys.byVersion.get(1);
  if (!URL.canParse(ownerUrl) || firstKey === undefined) return { appUrl: '', platformUrl: '', poolSize };
  return {
    appUrl: ownAppUrl ?? urlForRole(ownerUrl, firstKey, APP_ROLE),
    platformUrl: ownPlatformUrl ?? urlForRole(ownerUrl, firstKey, PLATFORM_ROLE),
    poolSize,
  };
}

function readOwnerUrl(env: Environment): string {
  return env.url('DATABASE_URL', ['postgres:', 'postgresql:'], "the address of PostgreSQL as the owner of the tables, such as postgres://owner:password@host:5432/bailiao; the app's two roles are derived from it");
}

export interface AuditConfig {
  readonly platformUrl: string;
  readonly appUrl: string;
  readonly masterKeys: MasterKeys;
}

/** What commands need that work as the platform's role beside a running platform. */
export function readAuditConfig(raw: Readonly<Record<string, string | undefined>>): AuditConfig {
  const env = new Environment(raw);
  const config = auditConfigOf(env);
  env.finish();
  return config;
}

function auditConfigOf(env: Environment): AuditConfig {
  const masterKeys = readMasterKeys(env);
  const { appUrl, platformUrl } = readDatabase(env, masterKeys);
  return { platformUrl, appUrl, masterKeys };
}

export interface MigrationConfig {
  readonly ownerUrl: string;
  readonly masterKey: Uint8Array;
}

/** What the migration command needs: the owner's address, and the passwords that the app's roles get. */
export function readMigrationConfig(raw: Readonly<Record<string, string | undefined>>): MigrationConfig {
  const env = new Environment(raw);
  const config = migrationConfigOf(env);
  env.finish();
  return config;
}

function migrationConfigOf(env: Environment): MigrationConfig {
  return { ownerUrl: readOwnerUrl(env), masterKey: readMasterKeys(env).byVersion.get(1) ?? new Uint8Array() };
}

/** Every variable that exists, by who reads it: what the readers ask of an empty environment. For the documents. */
export function configurationSettings(): Readonly<Record<'app' | 'migrate' | 'audit', readonly Setting[]>> {
  const askedBy = (read: (env: Environment) => unknown): readonly Setting[] => {
    const env = new Environment({});
    read(env);
    return env.settings;
  };
  return { app: askedBy(configOf), migrate: askedBy(migrationConfigOf), audit: askedBy(auditConfigOf) };
}
