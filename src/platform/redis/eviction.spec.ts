import type { Redis } from 'ioredis';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Logger } from '../telemetry/index.js';
import { assertNoEviction, checkEviction } from './eviction.js';

const forbidden = (): Promise<never> => Promise.reject(new Error("NOPERM this user has no permissions to run the command"));
const away = (): Promise<never> => Promise.reject(new Error('Command timed out'));

let warnings: string[];
const logger = { warn: (text: string) => warnings.push(text) } as unknown as Logger;

beforeEach(() => {
  warnings = [];
});

function redis(config: () => Promise<unknown>, info: () => Promise<unknown> = forbidden): Redis {
  return { call: config, info } as unknown as Redis;
}

describe('assertNoEviction', () => {
  it('takes noeviction, wherever it is told, without a word', async () => {
    await assertNoEviction(redis(async () => ['maxmemory-policy', 'noeviction']), logger);
    await assertNoEviction(redis(forbidden, async () => '# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n'), logger);
    // Some services answer CONFIG GET with nothing.
    await assertNoEviction(redis(async () => [], async () => 'maxmemory_policy:noeviction'), logger);
    expect(warnings).toEqual([]);
  });

  it('refuses every other policy, and says what to set', async () => {
    await expect(assertNoEviction(redis(async () => ['maxmemory-policy', 'allkeys-lru']), logger)).rejects.toThrow(/allkeys-lru.*Set maxmemory-policy to noeviction/);
    await expect(assertNoEviction(redis(forbidden, async () => 'maxmemory_policy:volatile-ttl\r\n'), logger)).rejects.toThrow('volatile-ttl');
  });

  it('warns where the policy is not told, and lets it pass', async () => {
    await assertNoEviction(redis(forbidden), logger);
    await assertNoEviction(redis(forbidden, async () => '# Memory\r\nused_memory:1\r\n'), logger);
    expect(warnings).toHaveLength(2);
    await checkEviction(redis(forbidden));
    expect(warnings).toHaveLength(2);
  });

  it('does not take a Redis that is away for one that forbids', async () => {
    await expect(assertNoEviction(redis(away), logger)).rejects.toThrow('timed out');
    await expect(checkEviction(redis(forbidden, away))).rejects.toThrow('timed out');
  });
});
