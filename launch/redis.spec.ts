import { describe, expect, it } from 'vitest';
import { parseSimulation } from './debian-packages.js';
import { configText } from './redis.js';
import { isRecentEnough, parseRedisVersion } from './redis-program.js';

describe('Redis', () => {
  it('reads the versions of Redis and Valkey', () => {
    expect(parseRedisVersion('Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64')).toEqual({ name: 'Redis', version: '7.0.15' });
    expect(parseRedisVersion('Valkey server v=8.1.1 sha=00000000:1 malloc=jemalloc')).toEqual({ name: 'Valkey', version: '8.1.1' });
    expect(parseRedisVersion('error while loading shared libraries')).toBeUndefined();
  });

  it('takes 6.2 and newer', () => {
    expect(['6.2.0', '6.10.1', '7.0', '10.0.0'].every(isRecentEnough)).toBe(true);
    expect(['6.0.16', '5.9.9', '', 'x'].some(isRecentEnough)).toBe(false);
  });

  it('takes package names and nothing else from a simulated installation', () => {
    const text = 'Inst liblzf1 (3.6-3 Debian:12)\nInst libjemalloc2:amd64 (5.3.0-1)\nConf liblzf1 (3.6-3)\nInst -oBad=1 (1)\nInst redis-server (5:7.0.15)\n';
    expect(parseSimulation(text)).toEqual(['liblzf1', 'libjemalloc2', 'redis-server']);
  });

  it('keeps on disk, never evicts, and quotes its folder', () => {
    const text = configText({ folder: '/srv/my "data"', port: 1, pidFile: '/srv/p', password: 'ab', databases: 4, durable: true });
    expect(text).toContain('dir "/srv/my \\"data\\""\n');
    for (const line of ['bind 127.0.0.1', 'appendonly yes', 'maxmemory-policy noeviction', 'requirepass ab', 'databases 4']) expect(text.split('\n')).toContain(line);
  });
});
