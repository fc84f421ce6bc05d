import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startServers } from '../../launch/servers.js';
import { lineOf } from './process-line.js';

export const ROOT = resolve(import.meta.dirname, '../..');
export const TEMPLATE = 'bailiao_template';
const REDIS_DATABASES = 250;

/** What the set-up tells the test files. */
export interface SharedServers {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly redisDatabases: number;
  readonly masterKey: string;
  readonly jwtSecret: string;
  readonly openaiUrl: string;
  readonly wechatUrl: string;
  readonly wechatPayUrl: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: SharedServers;
  }
}

/** Starts PostgreSQL, Redis and the simulators once for all files, and migrates the template of their databases. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await startServers({ durable: false, redisDatabases: REDIS_DATABASES, cacheDir: process.env['BAILIAO_CACHE_DIR'] ?? resolve(ROOT, '.test/cache') });
  try {
    await makeTemplate(servers.databaseUrl, servers.secrets.masterKey);
    const simulators = spawn(process.execPath, [resolve(ROOT, 'dist/simulators/main.js')], { stdio: ['pipe', 'pipe', 'ignore'] });
    const urls = JSON.parse(await lineOf(simulators, (line) => line.startsWith('{'))) as { openai: string; wechat: string; wechatpay: string };
    project.provide('servers', {
      databaseUrl: servers.databaseUrl,
      redisUrl: servers.redisUrl,
      redisDatabases: REDIS_DATABASES,
      masterKey: servers.secrets.masterKey,
      jwtSecret: servers.secrets.jwtSecret,
      openaiUrl: urls.openai,
      wechatUrl: urls.wechat,
      wechatPayUrl: urls.wechatpay,
    });
    return async () => {
      const ended = once(simulators, 'exit');
      simulators.kill('SIGTERM');
      await ended;
      await servers.stop();
    };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}

async function makeTemplate(databaseUrl: string, masterKey: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`CREATE DATABASE ${TEMPLATE}`);
  await client.end();
  const url = new URL(databaseUrl);
  url.pathname = `/${TEMPLATE}`;
  const migrate = spawn(process.execPath, [resolve(ROOT, 'dist/src/migrate.js')], { env: { ...process.env, DATABASE_URL: url.toString(), MASTER_KEY: masterKey }, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(migrate, 'exit')) as [number | null];
  if (code !== 0) throw new Error('the template database could not be migrated');
}
