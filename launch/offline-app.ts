import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { startServers, type Servers } from './servers.js';

export const ROOT = resolve(import.meta.dirname, '../..');

/** Servers of their own with an empty database, for commands that look at the schema or at the routes. */
export async function withServers<T>(work: (servers: Servers, env: NodeJS.ProcessEnv) => Promise<T>): Promise<T> {
  const servers = await startServers({ durable: false, cacheDir: process.env['BAILIAO_CACHE_DIR'] ?? join(ROOT, '.test/cache') });
  try {
    return await work(servers, {
      ...process.env,
      NODE_ENV: 'test',
      DATABASE_URL: servers.databaseUrl,
      REDIS_URL: servers.redisUrl,
      MASTER_KEY: servers.secrets.masterKey,
      JWT_SECRET: servers.secrets.jwtSecret,
      OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
      OPENAI_API_KEY: 'none',
      OPENAI_MODELS: 'none',
      BOOTSTRAP_ADMIN_PASSWORD: 'only for this command',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
    });
  } finally {
    await servers.stop();
  }
}

/** Runs the migration command. @throws Error when it fails. */
export async function migrate(direction: 'up' | 'down-all', env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'dist/src/migrate.js'), direction], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`migrate ${direction} failed`);
}
