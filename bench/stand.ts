import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startApp } from '../launch/app.js';
import { Child } from '../launch/child.js';
import type { Env } from '../launch/given.js';
import { runMigrations } from '../launch/migrations.js';
import { anyFreePort } from '../launch/ports.js';
import { parsePostmasterPid } from '../launch/postmaster-pid.js';
import { type Servers, startServers } from '../launch/servers.js';
import { type Simulators, startSimulators } from '../launch/simulators.js';
import { until } from '../launch/wait.js';
import { LoadDriver } from './load-driver.js';

/** The admin of the bench's own, temporary database. */
export const BENCH_ADMIN = { email: 'bench@example.com', password: 'only-for-the-bench' };
export const BENCH_MODEL = 'sim-chat';

/** A measured process and where it listens. */
export interface Served {
  readonly url: string;
  readonly child: Child;
}

/** Everything that stays up during a bench; the measured processes come and go. */
export class Stand {
  private readonly served = new Set<Child>();

  private constructor(
    readonly root: string,
    readonly signal: AbortSignal,
    readonly servers: Servers,
    readonly simulators: Simulators,
    readonly load: LoadDriver,
    readonly postgresPid: number,
    readonly redisPid: number,
    private readonly env: Env,
  ) {}

  /** PostgreSQL and Redis, durable as in production, the schema, the simulators and the load generator. Throws LaunchError. */
  static async open(root: string, signal: AbortSignal, log: (line: string) => void): Promise<Stand> {
    const stops: (() => Promise<void>)[] = [];
    try {
      const servers = await startServers({ cacheDir: process.env['BAILIAO_CACHE_DIR'] ?? join(root, '.test', 'cache'), signal, log });
      stops.push(() => servers.stop());
      const logs = join(servers.dataDir, 'logs');
      const simulators = await startSimulators({ root, logs, signal, noted: () => undefined });
      stops.push(() => simulators.child.stop(2_000));
      const env = environment(servers, simulators);
      await runMigrations({ root, logs, env, signal });
      const load = LoadDriver.start(root);
      const postgresPid = parsePostmasterPid(readFileSync(join(servers.dataDir, 'postgres', 'postmaster.pid'), 'utf8'))?.pid ?? 0;
      const redisPid = Number.parseInt(readFileSync(join(servers.dataDir, 'redis', 'redis.pid'), 'utf8'), 10);
      return new Stand(root, signal, servers, simulators, load, postgresPid, redisPid, env);
    } catch (error) {
      for (const stop of stops.reverse()) await stop();
      throw error;
    }
  }

  /** Starts the platform as production runs it. `nodeOptions` are for profiles and probes. */
  async startPlatform(extra: { readonly nodeOptions?: string; readonly env?: Env } = {}): Promise<Served> {
    const port = await anyFreePort();
    const url = `http://127.0.0.1:${port}`;
    const child = await startApp({
      root: this.root, logs: this.logs, url, signal: this.signal, noted: () => undefined, warn: (line) => console.error(`  platform: ${line}`),
      env: { ...this.env, ...extra.env, PORT: String(port), ...(extra.nodeOptions === undefined ? {} : { NODE_OPTIONS: extra.nodeOptions }) },
    });
    this.served.add(child);
    return { url, child };
  }

  async startBaseline(): Promise<Served> {
    let url: string | undefined;
    const child = Child.start({
      script: join(this.root, 'dist', 'bench', 'baseline.js'), args: [new URL(this.simulators.openai).origin], cwd: this.root,
      env: { PATH: process.env['PATH'], NODE_ENV: 'production' }, logFile: join(this.logs, 'baseline.log'),
      onLine: (line) => {
        url ??= (JSON.parse(line) as { url: string }).url;
      },
    });
    this.served.add(child);
    await until(() => url ?? (child.isRunning ? undefined : 'ended'), { timeoutMs: 10_000, signal: this.signal });
    if (url === undefined) throw new Error(`the baseline did not start: ${child.lastLines.join(' ')}`);
    return { url, child };
  }

  /** Options that load the heap probe, and the file that it answers into. */
  heapProbe(): { readonly nodeOptions: string; readonly env: Env; readonly file: string } {
    const file = join(this.servers.dataDir, 'heap.json');
    return { nodeOptions: `--import ${pathToFileURL(join(this.root, 'dist', 'bench', 'heap-probe.js')).href}`, env: { BENCH_HEAP_FILE: file }, file };
  }

  async end(served: Served): Promise<void> {
    this.served.delete(served.child);
    await served.child.stop(40_000);
  }

  async close(): Promise<void> {
    for (const child of this.served) await child.stop(3_000);
    await this.load.stop();
    await this.simulators.child.stop(2_000);
    await this.servers.stop();
  }

  private get logs(): string {
    return join(this.servers.dataDir, 'logs');
  }
}

function environment(servers: Servers, simulators: Simulators): Env {
  return {
    PATH: process.env['PATH'], NODE_ENV: 'production', ROLE: 'all', HOST: '127.0.0.1', LOG_LEVEL: 'warn',
    DATABASE_URL: servers.databaseUrl, REDIS_URL: servers.redisUrl, MASTER_KEY: servers.secrets.masterKey, JWT_SECRET: servers.secrets.jwtSecret,
    OPENAI_BASE_URL: simulators.openai, OPENAI_API_KEY: 'simulated', OPENAI_MODELS: `${BENCH_MODEL}@128000/16384`, WECHAT_API_BASE_URL: simulators.wechat,
    BOOTSTRAP_ADMIN_EMAIL: BENCH_ADMIN.email, BOOTSTRAP_ADMIN_PASSWORD: BENCH_ADMIN.password,
  };
}
