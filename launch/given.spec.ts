import { describe, expect, it } from 'vitest';
import { reachable, simulated } from './bring-up.js';
import { readGiven, readPort } from './given.js';
import { LaunchError } from './launch-error.js';
import { parseUrls } from './simulators.js';

const detailsOf = (env: Record<string, string>): readonly string[] => {
  try {
    readGiven(env);
  } catch (error) {
    if (error instanceof LaunchError) return error.details;
    throw error;
  }
  return [];
};

describe('what the environment gives', () => {
  it('embeds everything when nothing is set, empty values included', () => {
    expect(readGiven({ DATABASE_URL: '' })).toEqual({ production: false, database: false, redis: false, openai: false, moderation: false, wechat: false, pay: false });
  });

  it('lists all that production misses, by name and without values', () => {
    const details = detailsOf({ NODE_ENV: 'production', REDIS_URL: 'redis://secret' });
    expect(details.map((line) => line.split(' ')[0])).toEqual(['DATABASE_URL', 'OPENAI_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_MODELS', 'MASTER_KEY', 'JWT_SECRET']);
    expect(details.join()).not.toContain('secret');
  });

  it('wants a key and models with a real upstream', () => {
    expect(detailsOf({ OPENAI_BASE_URL: 'https://u.test/v1', OPENAI_MODELS: 'm' }).map((line) => line.split(' ')[0])).toEqual(['OPENAI_API_KEY']);
  });

  it('reads the port', () => {
    expect([readPort({}), readPort({ PORT: '' }), readPort({ PORT: '0' }), readPort({ PORT: '8080' })]).toEqual([3000, 3000, 0, 8080]);
    for (const PORT of ['x', '-1', '65536', '80a', '1.5']) expect(() => readPort({ PORT })).toThrow(LaunchError);
  });
});

describe('what the app gets from the simulators', () => {
  const urls = { openai: 'http://127.0.0.1:1/v1', wechat: 'http://127.0.0.1:2', wechatpay: 'http://127.0.0.1:3' };
  const nothing = readGiven({});

  it('is only what was not given', () => {
    expect(simulated({ ...nothing, openai: true, wechat: true }, undefined)).toEqual({});
    expect(Object.keys(simulated({ ...nothing, openai: true }, urls)).sort()).toEqual(['TRYOUT_CODE_URL', 'WECHATPAY_BASE_URL', 'WECHAT_API_BASE_URL']);
    expect(Object.keys(simulated(readGiven({ WECHAT_API_BASE_URL: 'https://api.weixin.qq.com' }), urls)).sort()).toEqual(['MODERATION_API_KEY', 'MODERATION_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL', 'OPENAI_MODELS']);
    expect(simulated(readGiven({ MODERATION_BASE_URL: 'https://judge.test/v1' }), urls)).not.toHaveProperty('MODERATION_BASE_URL');
  });

  it('is read from their one line', () => {
    expect(parseUrls(JSON.stringify(urls))).toEqual(urls);
    for (const line of ['ready', '{"openai":"x"}', '{', '']) expect(parseUrls(line)).toBeUndefined();
  });

  it('reaches a server by the address that it listens on', () => {
    expect(['0.0.0.0', '::', '10.0.0.1', '::1'].map(reachable)).toEqual(['127.0.0.1', '127.0.0.1', '10.0.0.1', '[::1]']);
  });
});
