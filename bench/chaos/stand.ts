import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApp } from '../../launch/app.js';
import type { Child } from '../../launch/child.js';
import { makeFolder } from '../../launch/data-dir.js';
import type { Env } from '../../launch/given.js';
import { runMigrations } from '../../launch/migrations.js';
import { anyFreePort } from '../../launch/ports.js';
import { startPostgres } from '../../launch/postgres.js';
import { startRedis } from '../../launch/redis.js';
import { type Secrets, openSecrets } from '../../launch/secrets.js';
import type { RunningServer } from '../../launch/server-process.js';
import { startSimulators, type Simulators } from '../../launch/simulators.js';

export const PARTS = ['api', 'worker', 'redis', 'postgres'] as const;
export type Part = (typeof PARTS)[number];
export const ADMIN = { email: 'chaos@example.com', password: 'chaos chaos chaos' } as const;

/**
 * The platform as it stands in production: api and worker as processes of their own, durable PostgreSQL and Redis, and
 * the simulators outside, which nobody kills: they hold the truth.
 */
export class ChaosStand {
  private readonly children = new Map<'api' | 'worker', Child>();
  private readonly servers = new Map<'redis' | 'postgres', RunningServer>();

  private constructor(
    readonly root: string, private readonly dataDir: string, private readonly cacheDir: string, private readonly secrets: Secrets, readonly simulators: Simulators,
    private readonly ports: Readonly<Record<'api' | 'worker' | 'redis' | 'postgres', number>>, private readonly signal: AbortSignal,
  ) {}

  static async open(root: string, signal: AbortSignal): Promise<ChaosStand> {
    const dataDir = mkdtempSync(join(tmpdir(), 'bailiao-chaos-'));
    if (process.getuid?.() === 0) chmodSync(dataDir, 0o711);
    makeFolder(join(dataDir, 'logs'), 0o700);
    const cacheDir = process.env['BAILIAO_CACHE_DIR'] || join(root, '.test', 'cache');
    makeFolder(cacheDir);
    const simulators = await startSimulators({ root, logs: join(dataDir, 'logs'), dataDir, signal, noted: () => undefined });
    const ports = { api: await anyFreePort(), worker: await anyFreePort(), redis: await anyFreePort(), postgres: await anyFreePort() };
    const stand = new ChaosStand(root, dataDir, cacheDir, openSecrets(dataDir), simulators, ports, signal);
    try {
      await stand.start('postgres');
      await stand.start('redis');
      await runMigrations({ root, logs: stand.logs, env: stand.env('api'), signal });
      await stand.start('worker');
      await stand.start('api');
      return stand;
    } catch (error) {
      await stand.close();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.api}`;
  }

  get databaseUrl(): string {
    return this.servers.get('postgres')?.url ?? '';
  }

  /** What a command of the app needs, run beside it. */
  get commandEnv(): Record<string, string> {
    return { DATABASE_URL: this.databaseUrl, MASTER_KEY: this.secrets.masterKey };
  }

  get logs(): string {
    return join(this.dataDir, 'logs');
  }

  /** Dies at once, without a word to anybody. */
  async kill(part: Part): Promise<void> {
    if (part === 'api' || part === 'worker') {
      const child = this.children.get(part);
      if (child === undefined) return;
      process.kill(child.pid, 'SIGKILL');
      await child.ended;
    } else {
      const server = this.servers.get(part);
      if (server === undefined) return;
      process.kill(server.pid, 'SIGKILL');
      await server.ended;
    }
  }

  async start(part: Part): Promise<void> {
    const shared = { dataDir: this.dataDir, cacheDir: this.cacheDir, durable: true, signal: this.signal };
    if (part === 'postgres') this.servers.set(part, await startPostgres({ ...shared, password: this.secrets.postgresPassword, port: this.ports.postgres }));
    else if (part === 'redis') this.servers.set(part, await startRedis({ ...shared, password: this.secrets.redisPassword, port: this.ports.redis }));
    else this.children.set(part, await this.startNode(part));
  }

  async close(): Promise<void> {
    for (const part of ['api', 'worker'] as const) await this.children.get(part)?.stop(5_000);
    for (const part of ['redis', 'postgres'] as const) await this.servers.get(part)?.stop();
    await this.simulators.child.stop(2_000);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** A start may fall together with the death of a database: it is tried again until the platform stands. */
  private async startNode(part: 'api' | 'worker'): Promise<Child> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await startApp({ root: this.root, logs: this.logs, env: this.env(part), url: `http://127.0.0.1:${this.ports[part]}`, signal: this.signal, noted: () => undefined, warn: () => undefined });
      } catch (error) {
        if (attempt === 5 || this.signal.aborted) throw error;
        await sleep(500);
      }
    }
  }

  private env(part: 'api' | 'worker'): Env {
    return {
      PATH: process.env['PATH'], NODE_ENV: 'test', ROLE: part, HOST: '127.0.0.1', PORT: String(this.ports[part]), PUBLIC_URL: this.url, LOG_LEVEL: 'info',
      DATABASE_URL: this.servers.get('postgres')?.url, REDIS_URL: this.servers.get('redis')?.url, MASTER_KEY: this.secrets.masterKey, JWT_SECRET: this.secrets.jwtSecret,
      OPENAI_BASE_URL: this.simulators.openai, OPENAI_API_KEY: 'simulated', OPENAI_MODELS: 'sim-chat@32768/4096', WECHAT_API_BASE_URL: this.simulators.wechat,
      WECHATPAY_BASE_URL: this.simulators.wechatpay, BOOTSTRAP_ADMIN_EMAIL: ADMIN.email, BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password, ACCESS_TOKEN_SECONDS: '86400',
    };
  }
}
