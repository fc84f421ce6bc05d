import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configurationSettings, readConfig } from './config.js';
import { ConfigurationError } from './environment.js';

const good = {
  DATABASE_URL: 'postgres://owner:pw@db.internal:5432/bailiao',
  REDIS_URL: 'redis://cache.internal:6379/0',
  OPENAI_BASE_URL: 'https://upstream.test/v1/',
  OPENAI_API_KEY: 'sk-test',
  OPENAI_MODELS: 'deepseek-chat@65536/8192, gpt-4o-mini',
  MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  JWT_SECRET: 'x'.repeat(40),
};

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  it('reads a whole environment', () => {
    const config = readConfig(good);
    expect(config.openai.baseUrl).toBe('https://upstream.test/v1');
    expect(config.openai.models).toEqual([
      { name: 'deepseek-chat', contextWindow: 65_536, maxAnswerTokens: 8_192 },
      { name: 'gpt-4o-mini', contextWindow: 32_768, maxAnswerTokens: 4_096 },
    ]);
    expect(new URL(config.database.appUrl).username).toBe('bailiao_app');
    expect(config.database.appUrl).not.toContain('owner');
  });

  it('lists everything that is wrong at once, by name and without values', () => {
    const faults = faultsOf({ ...good, PORT: '99999', ROLE: 'boss', MASTER_KEY: 'c2hvcnQ=', JWT_SECRET: 'hunter2', REDIS_URL: 'http://x' });
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual(expect.arrayContaining(['PORT', 'ROLE', 'MASTER_KEY', 'JWT_SECRET', 'REDIS_URL']));
    expect(faults.join()).not.toContain('hunter2');
  });

  it('names every missing value', () => {
    const names = faultsOf({}).map((fault) => fault.split(' ')[0]);
    expect(names).toEqual(expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'OPENAI_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_MODELS', 'MASTER_KEY', 'JWT_SECRET']));
  });

  it('reads the private places that channels may lead to', () => {
    expect(readConfig({ ...good, UPSTREAM_PRIVATE_ALLOWLIST: 'gpu.internal, 10.1.0.0/16' }).upstreamPrivateAllowList.hasAddress('10.1.2.3')).toBe(true);
    expect(readConfig(good).upstreamPrivateAllowList.hasAddress('10.1.2.3')).toBe(false);
    expect(faultsOf({ ...good, UPSTREAM_PRIVATE_ALLOWLIST: '10.1.0.0/99' }).join()).toContain('UPSTREAM_PRIVATE_ALLOWLIST');
  });

  it('does without a moderation endpoint, and checks the address of one', () => {
    expect(readConfig(good).moderation).toMatchObject({ baseUrl: undefined, apiKey: '', model: 'omni-moderation-latest' });
    expect(readConfig({ ...good, MODERATION_BASE_URL: 'https://judge.test/v1/', MODERATION_API_KEY: 'k' }).moderation).toMatchObject({ baseUrl: 'https://judge.test/v1', apiKey: 'k' });
    expect(faultsOf({ ...good, MODERATION_BASE_URL: 'judge.test' }).join()).toContain('MODERATION_BASE_URL');
  });

  it('refuses the try-out login in production', () => {
    expect(faultsOf({ ...good, NODE_ENV: 'production', TRYOUT_CODE_URL: 'http://127.0.0.1:1/' }).join()).toContain('TRYOUT_CODE_URL');
  });

  it('takes nothing but https as the public address in production, this machine excepted', () => {
    const faultsFor = (url: string, mode = 'production') => faultsOf({ ...good, NODE_ENV: mode, PUBLIC_URL: url });
    for (const url of ['http://chat.example.com', 'http://localhost.example.com', 'http://10.0.0.1:3000']) expect(faultsFor(url)).toEqual([expect.stringMatching(/^PUBLIC_URL must start with https:/)]);
    for (const url of ['https://chat.example.com', 'http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000']) expect(faultsFor(url)).toEqual([]);
    expect(faultsFor('http://chat.example.com', 'development')).toEqual([]);
    expect(faultsFor('chat.example.com')).toHaveLength(1);
  });

  it.each(['a@10/20', 'a@100/100', 'a,a', '@5', ' , '])('refuses the model list %j', (list) => {
    expect(faultsOf({ ...good, OPENAI_MODELS: list }).join()).toContain('OPENAI_MODELS');
  });
});

describe('configurationSettings', () => {
  const { app, migrate, audit } = configurationSettings();

  it('are exactly what .env.example names, a family of numbered ones by its first', () => {
    const example = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
    const names = [...example.matchAll(/^#?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]);
    expect(new Set(names).size).toBe(names.length);
    expect([...names].sort()).toEqual(app.map((setting) => setting.name).filter((name) => !/_[3-9]$/.test(name)).sort());
  });

  it('that .env.example gives uncommented are the required ones, and the defaults are the real ones', () => {
    const lines = [...readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8').matchAll(/^(#?)([A-Z][A-Z0-9_]*)=(\S*)/gm)];
    expect(lines.filter(([, comment, name]) => comment === '' && name !== 'NODE_ENV').map(([, , name]) => name).sort()).toEqual(app.filter((setting) => setting.required).map((setting) => setting.name).sort());
    for (const [, comment, name, value] of lines) if (comment === '#') expect([name, value]).toEqual([name, app.find((setting) => setting.name === name)?.fallback ?? '']);
  });

  it('of the commands are among those of the app', () => {
    const names = new Set(app.map((setting) => setting.name));
    for (const setting of [...migrate, ...audit]) expect(names).toContain(setting.name);
    expect(migrate.filter((setting) => setting.required).map((setting) => setting.name)).toEqual(['DATABASE_URL', 'MASTER_KEY']);
  });

  it('all say what they mean', () => {
    for (const setting of app) expect([setting.name, setting.what.length > 10]).toEqual([setting.name, true]);
  });
});
