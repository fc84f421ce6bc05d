import { LaunchError } from './launch-error.js';

/** The environment of a start, read once. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Which parts the environment gives; the others are embedded. */
export interface Given {
  readonly production: boolean;
  readonly database: boolean;
  readonly redis: boolean;
  readonly openai: boolean;
  readonly moderation: boolean;
  readonly wechat: boolean;
  /** Also where only WeChat itself is given: a real login is not paid for in play money. */
  readonly pay: boolean;
}

/** What production needs, with what it is. Nothing is made up there. */
const NEEDED: Readonly<Record<string, string>> = {
  DATABASE_URL: 'PostgreSQL 地址 · postgres://user:password@host:5432/bailiao',
  REDIS_URL: 'Redis 地址 · redis://host:6379/0',
  OPENAI_BASE_URL: '上游模型地址 · such as https://api.openai.com/v1',
  OPENAI_API_KEY: '上游模型密钥 · the key of that service',
  OPENAI_MODELS: '模型列表 · such as deepseek-chat@65536/8192,gpt-4o-mini',
  MASTER_KEY: '主密钥 · 32 random bytes as base64: openssl rand -base64 32',
  JWT_SECRET: '令牌密钥 · at least 32 random characters: openssl rand -base64 32',
};

/**
 * Reads which parts are given. Throws LaunchError that lists all that is
 * missing: under NODE_ENV=production everything, otherwise the rest of a real
 * upstream of which only the address was set.
 */
export function readGiven(env: Env): Given {
  const production = env['NODE_ENV'] === 'production';
  const has = (name: string): boolean => (env[name] ?? '') !== '';
  const openai = has('OPENAI_BASE_URL');
  const names = production ? Object.keys(NEEDED) : openai ? ['OPENAI_API_KEY', 'OPENAI_MODELS'] : [];
  const missing = names.filter((name) => !has(name));
  if (missing.length > 0) {
    throw new LaunchError(
      production ? `生产环境（NODE_ENV=production）不会启动任何内置服务，缺少 ${missing.length} 项配置：` : `设置了 OPENAI_BASE_URL，还缺少 ${missing.length} 项配置：`,
      production
        ? `Under NODE_ENV=production nothing is embedded, and ${missing.length} value(s) are missing:`
        : `OPENAI_BASE_URL is set, and ${missing.length} value(s) that belong to it are missing:`,
      missing.map((name) => `${name.padEnd(16)} ${NEEDED[name] ?? ''}`),
    );
  }
  return { production, database: has('DATABASE_URL'), redis: has('REDIS_URL'), openai, moderation: has('MODERATION_BASE_URL'), wechat: has('WECHAT_API_BASE_URL'), pay: has('WECHATPAY_BASE_URL') || has('WECHAT_API_BASE_URL') };
}

/** The port to listen on: 3000, or what PORT says. Throws LaunchError when that is no port. */
export function readPort(env: Env): number {
  const text = env['PORT'] || '3000';
  const port = Number.parseInt(text, 10);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw new LaunchError('PORT 必须是 0 到 65535 之间的整数。', 'PORT must be a whole number from 0 to 65535.');
}
