import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../kit/commands.js';
import { eventually } from '../kit/eventually.js';
import { Platform } from '../kit/platform.js';

let platform: Platform;
let redis: Redis;

beforeAll(async () => {
  platform = await Platform.start();
  redis = new Redis(platform.redisUrl);
});
afterAll(async () => {
  await setPolicy('noeviction');
  await redis.acl('DELUSER', 'noconfig', 'nothing');
  redis.disconnect();
  await platform.stop();
});

const setPolicy = (policy: string) => redis.config('SET', 'maxmemory-policy', policy);
const ready = () => platform.api.get('/readyz');

/** The address of a user of Redis who may do everything but this, as managed services have it. */
async function userWithout(name: string, ...commands: readonly string[]): Promise<string> {
  await redis.acl('SETUSER', name, 'on', '>pw', '~*', '&*', '+@all', ...commands.map((command) => `-${command}`));
  const url = new URL(platform.redisUrl);
  url.username = name;
  url.password = 'pw';
  return url.toString();
}

const start = (role: string, redisUrl = platform.redisUrl) => runCommand('main', { ...platform.environment(), ROLE: role, HOST: '127.0.0.1', PORT: '0', REDIS_URL: redisUrl });

describe('a Redis that may drop what it was given', () => {
  it('is reported by /readyz from the moment its policy is changed, until it is right again', async () => {
    expect(await ready()).toMatchObject({ status: 200, body: { checks: { redis: 'ok', redis_policy: 'ok' } } });
    await setPolicy('allkeys-lru');
    expect(await ready()).toMatchObject({ status: 503, body: { status: 'not_ready', checks: { redis: 'ok', redis_policy: 'failed' } } });
    await setPolicy('noeviction');
    expect((await ready()).status).toBe(200);
  });

  it.each(['all', 'api', 'worker'])('is refused at the start of ROLE=%s, with what to set', async (role) => {
    await setPolicy('volatile-lru');
    const { code, output } = await start(role);
    await setPolicy('noeviction');
    expect(code).toBe(1);
    expect(output).toContain('REDIS_URL');
    expect(output).toContain('Set maxmemory-policy to noeviction');
    expect(output).toContain('volatile-lru');
    expect(output).not.toMatch(/redis:\/\//);
  });

  it('is found by INFO where CONFIG is forbidden', async () => {
    const url = await userWithout('noconfig', 'config');
    await setPolicy('allkeys-lfu');
    const { code, output } = await start('worker', url);
    await setPolicy('noeviction');
    expect(code).toBe(1);
    expect(output).toContain('allkeys-lfu');
    const node = await platform.spawn('worker', { REDIS_URL: url });
    expect(await eventually(() => node.api.get('/readyz'), (answer) => answer.status === 200)).toMatchObject({ body: { checks: { redis_policy: 'ok' } } });
  });

  it('can not be found out where INFO is forbidden, too: that alone stops no start', async () => {
    // The queue's library reads the version from INFO, and /readyz shows by `queue` that it can not.
    const node = await platform.spawn('api', { REDIS_URL: await userWithout('nothing', 'config', 'info') });
    expect((await node.api.get('/readyz')).body.checks).toMatchObject({ redis: 'ok', redis_policy: 'ok' });
  });
});
