import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { makeFolder } from './data-dir.js';
import { anyFreePort } from './ports.js';
import { startPostgres } from './postgres.js';
import { startRedis } from './redis.js';
import { type Secrets, openSecrets } from './secrets.js';

export interface ServersOptions {
  /** A temporary folder, removed by `stop`, when absent. */
  readonly dataDir?: string;
  /** Holds an unpacked Redis between runs; BAILIAO_CACHE_DIR, else the data folder. */
  readonly cacheDir?: string;
  /** False for tests: no waiting for the disk. */
  readonly durable?: boolean;
  /** Number of logical Redis databases. */
  readonly redisDatabases?: number;
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
}

export interface Servers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly secrets: Secrets;
  readonly dataDir: string;
  /** Stops Redis, then PostgreSQL, and removes a temporary folder. */
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL and Redis on free loopback ports, for tests and trials.
 * Both end with this process where setpriv is at hand, even when it is killed.
 * Throws LaunchError.
 */
export async function startServers(options: ServersOptions = {}): Promise<Servers> {
  const temporary = options.dataDir === undefined;
  const dataDir = resolve(options.dataDir ?? mkdtempSync(join(tmpdir(), 'bailiao-')));
  const started: { stop(): Promise<void> }[] = [];
  const stop = async (): Promise<void> => {
    for (const server of started.splice(0).reverse()) await server.stop();
    if (temporary) rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    makeFolder(dataDir);
    if (temporary && process.getuid?.() === 0) chmodSync(dataDir, 0o711);
    makeFolder(join(dataDir, 'logs'), 0o700);
    const cacheDir = resolve(options.cacheDir ?? (process.env['BAILIAO_CACHE_DIR'] || dataDir));
    makeFolder(cacheDir);
    const secrets = openSecrets(dataDir);
    const shared = {
      dataDir, cacheDir, durable: options.durable ?? true,
      ...(options.signal ? { signal: options.signal } : {}), ...(options.log ? { log: options.log } : {}),
    };
    const ports = { postgres: await anyFreePort(), redis: await anyFreePort() };
    const postgres = await startPostgres({ ...shared, password: secrets.postgresPassword, port: ports.postgres });
    started.push(postgres);
    const redis = await startRedis({
      ...shared, password: secrets.redisPassword, port: ports.redis, ...(options.redisDatabases === undefined ? {} : { databases: options.redisDatabases }),
    });
    started.push(redis);
    return { databaseUrl: postgres.url, redisUrl: redis.url, secrets, dataDir, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
