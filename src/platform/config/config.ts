import type { MasterKeys } from '../crypto/index.js';
import { APP_ROLE, PLATFORM_ROLE, urlForRole } from './database-roles.js';
import { Environment } from './environment.js';
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
  readonly upstreamTimeouts: { readonly connectMs: number; readonly firstTokenMs: number; readonly betweenTokensMs: number };
  readonly wechat: { readonly apiBaseUrl: string; readonly payBaseUrl: string; /** Asked when the first host did not answer. */ readonly payStandbyUrl: string | undefined };
  readonly bootstrapAdmin: { readonly email: string; readonly password: string | undefined };
  readonly runs: { readonly concurrency: number; readonly maxQueued: number; readonly logTtlSeconds: number };
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
  const masterKeys = readMasterKeys(env);
  const port = env.integer('PORT', 3000, 0, 65_535);
  const config: Config = {
    role: env.oneOf('ROLE', ['all', 'api', 'worker'], 'all'),
    production: env.optional('NODE_ENV') === 'production',
    http: {
      host: env.text('HOST', 'the address to listen on', '0.0.0.0'),
      port,
      publicUrl: env.url('PUBLIC_URL', ['http:', 'https:'], 'the address that clients use', `http://localhost:${port}`),
      trustedHops: env.integer('TRUSTED_PROXY_HOPS', 0, 0, 10),
    },
    logLevel: env.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
    database: readDatabase(env, masterKeys),
    redis: { url: env.url('REDIS_URL', ['redis:', 'rediss:'], 'the address of Redis, such as redis://host:6379/0') },
    masterKeys,
    jwtSecret: readJwtSecret(env),
    openai: {
      baseUrl: env.url('OPENAI_BASE_URL', ['http:', 'https:'], 'the base URL of the default channel, ending in /v1'),
      apiKey: env.text('OPENAI_API_KEY', 'the key of the default channel'),
      models: readModels(env),
    },
    upstreamTimeouts: {
      connectMs: env.integer('UPSTREAM_CONNECT_TIMEOUT_MS', 10_000, 10, 600_000),
      firstTokenMs: env.integer('UPSTREAM_FIRST_TOKEN_TIMEOUT_MS', 60_000, 10, 600_000),
      betweenTokensMs: env.integer('UPSTREAM_BETWEEN_TOKENS_TIMEOUT_MS', 30_000, 10, 600_000),
    },
    wechat: readWechat(env),
    bootstrapAdmin: { email: env.text('BOOTSTRAP_ADMIN_EMAIL', 'the first admin', 'admin@example.com'), password: env.optional('BOOTSTRAP_ADMIN_PASSWORD') },
    runs: {
      concurrency: env.integer('RUN_CONCURRENCY', 1_500, 1, 20_000),
      maxQueued: env.integer('RUN_QUEUE_LIMIT', 10_000, 1, 1_000_000),
      logTtlSeconds: env.integer('STREAM_LOG_TTL_SECONDS', 3_600, 10, 86_400),
    },
    sessions: {
      accessSeconds: env.integer('ACCESS_TOKEN_SECONDS', 900, 1, 86_400),
      refreshSeconds: env.integer('REFRESH_TOKEN_SECONDS', 30 * 86_400, 10, 365 * 86_400),
    },
    shutdownGraceMs: env.integer('SHUTDOWN_GRACE_MS', 30_000, 0, 600_000),
    tryoutCodeUrl: env.optional('TRYOUT_CODE_URL'),
  };
  if (config.production && config.tryoutCodeUrl !== undefined) env.fault('TRYOUT_CODE_URL', 'must not be set in production: the try-out page logs anybody in');
  if (config.production && !isSecureOrLocal(config.http.publicUrl)) env.fault('PUBLIC_URL', 'must start with https:// in production: WeChat Pay notifies no other address, and mini-programs call no other (http://localhost is let pass, for trials)');
  const password = config.bootstrapAdmin.password;
  if (password !== undefined && password.length < 10) env.fault('BOOTSTRAP_ADMIN_PASSWORD', 'must have at least 10 characters');
  env.finish();
  return Object.freeze(config);
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
    const value = version === 1 ? env.text(name, '32 random bytes as base64 (openssl rand -base64 32)') : env.optional(name);
    if (value === undefined || value === '') continue;
    const key = Buffer.from(value, 'base64');
    if (key.length !== 32) env.fault(name, 'must be 32 bytes as base64 (openssl rand -base64 32)');
    else byVersion.set(version, key);
  }
  return { current: Math.max(0, ...byVersion.keys()), byVersion };
}

function readWechat(env: Environment): Config['wechat'] {
  const ownPayUrl = env.optional('WECHATPAY_BASE_URL');
  const standby = env.optional('WECHATPAY_STANDBY_URL') === undefined && ownPayUrl !== undefined ? undefined : env.url('WECHATPAY_STANDBY_URL', ['http:', 'https:'], "WeChat Pay's second host", 'https://api2.mch.weixin.qq.com');
  return {
    apiBaseUrl: env.url('WECHAT_API_BASE_URL', ['http:', 'https:'], 'the host of the WeChat API', 'https://api.weixin.qq.com'),
    payBaseUrl: env.url('WECHATPAY_BASE_URL', ['http:', 'https:'], 'the host of WeChat Pay', 'https://api.mch.weixin.qq.com'),
    payStandbyUrl: standby,
  };
}

function readJwtSecret(env: Environment): Uint8Array {
  const secret = env.text('JWT_SECRET', 'at least 32 random characters (openssl rand -base64 32)');
  if (secret !== '' && secret.length < 32) env.fault('JWT_SECRET', 'must have at least 32 characters (openssl rand -base64 32)');
  return new TextEncoder().encode(secret);
}

function readDatabase(env: Environment, keys: MasterKeys): Config['database'] {
  const poolSize = env.integer('DATABASE_POOL_SIZE', 10, 2, 200);
  const ownAppUrl = env.optional('DATABASE_APP_URL');
  const ownPlatformUrl = env.optional('DATABASE_PLATFORM_URL');
  if (ownAppUrl !== undefined && ownPlatformUrl !== undefined) return { appUrl: ownAppUrl, platformUrl: ownPlatformUrl, poolSize };
  const ownerUrl = env.url('DATABASE_URL', ['postgres:', 'postgresql:'], 'the address of PostgreSQL, such as postgres://owner:password@host:5432/bailiao');
  const firstKey = keys.byVersion.get(1);
  if (!URL.canParse(ownerUrl) || firstKey === undefined) return { appUrl: '', platformUrl: '', poolSize };
  return {
    appUrl: ownAppUrl ?? urlForRole(ownerUrl, firstKey, APP_ROLE),
    platformUrl: ownPlatformUrl ?? urlForRole(ownerUrl, firstKey, PLATFORM_ROLE),
    poolSize,
  };
}

/** What commands need that work as the platform's role beside a running platform. */
export function readAuditConfig(raw: Readonly<Record<string, string | undefined>>): { readonly platformUrl: string; readonly appUrl: string; readonly masterKeys: MasterKeys } {
  const env = new Environment(raw);
  const masterKeys = readMasterKeys(env);
  const { appUrl, platformUrl } = readDatabase(env, masterKeys);
  env.finish();
  return { platformUrl, appUrl, masterKeys };
}

/** What the migration command needs: the owner's address, and the passwords that the app's roles get. */
export function readMigrationConfig(raw: Readonly<Record<string, string | undefined>>): { readonly ownerUrl: string; readonly masterKey: Uint8Array } {
  const env = new Environment(raw);
  const ownerUrl = env.url('DATABASE_URL', ['postgres:', 'postgresql:'], 'the address of PostgreSQL as the owner of the tables');
  const masterKey = readMasterKeys(env).byVersion.get(1) ?? new Uint8Array();
  env.finish();
  return { ownerUrl, masterKey };
}
