import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import pg from 'pg';
import { inject } from 'vitest';
import { anyFreePort } from '../../launch/ports.js';
import { Api } from './api.js';
import { lineOf } from './process-line.js';
import { ROOT, TEMPLATE, type SharedServers } from './servers.js';

export const ADMIN = { email: 'admin@example.com', password: 'correct horse battery staple' } as const;

export interface PlatformOptions {
  /** Further environment of every process. */
  readonly env?: Readonly<Record<string, string>>;
  /** The first process; `all` unless told. */
  readonly role?: 'all' | 'api' | 'worker';
}

/** One process of the platform. */
export class Node {
  readonly api: Api;

  constructor(readonly url: string, private readonly child: ChildProcess) {
    this.api = new Api(url);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Dies without a word. */
  async kill(): Promise<void> {
    await this.end('SIGKILL');
  }

  /** Goes down in order. @returns its exit code. */
  async stop(): Promise<number | null> {
    return this.end('SIGTERM');
  }

  /** Stops its clock: it neither acts nor answers, but its connections stay. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  get ended(): Promise<number | null> {
    return this.child.exitCode !== null || this.child.signalCode !== null ? Promise.resolve(this.child.exitCode) : once(this.child, 'exit').then(([code]) => code as number | null);
  }

  private async end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return this.child.exitCode;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGCONT');
    this.child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}

let used = 0;

/** A whole platform of its own: a fresh database, a Redis database, and as many processes as a test wants. */
export class Platform {
  private readonly nodes: Node[] = [];

  private constructor(readonly servers: SharedServers, readonly databaseUrl: string, readonly redisUrl: string, private readonly name: string, private readonly env: Readonly<Record<string, string>>) {}

  static async start(options: PlatformOptions = {}): Promise<Platform> {
    const servers = inject('servers');
    used += 1;
    const name = `test_${process.pid}_${used}`;
    await onServer(servers.databaseUrl, `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`);
    const database = new URL(servers.databaseUrl);
    database.pathname = `/${name}`;
    const redis = new URL(servers.redisUrl);
    redis.pathname = `/${(process.pid * 7 + used) % servers.redisDatabases}`;
    const platform = new Platform(servers, database.toString(), redis.toString(), name, options.env ?? {});
    await platform.spawn(options.role ?? 'all');
    return platform;
  }

  /** The first process. */
  get node(): Node {
    const [node] = this.nodes;
    if (node === undefined) throw new Error('the platform has no process');
    return node;
  }

  get api(): Api {
    return this.node.api;
  }

  /** One more process, ready for requests. */
  async spawn(role: 'all' | 'api' | 'worker', env: Readonly<Record<string, string>> = {}): Promise<Node> {
    const port = await anyFreePort();
    await mkdir(resolve(ROOT, '.test/logs'), { recursive: true });
    const child = spawn(process.execPath, [resolve(ROOT, 'dist/src/main.js')], {
      env: { ...process.env, ...this.environment(), ROLE: role, HOST: '127.0.0.1', PORT: String(port), ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(resolve(ROOT, `.test/logs/${this.name}-${role}-${child.pid}.log`));
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    await lineOf(child, (line) => line.includes('"msg":"listening"'));
    const node = new Node(`http://127.0.0.1:${port}`, child);
    this.nodes.push(node);
    return node;
  }

  /** SQL as the owner of the tables, past row-level security: for looking behind the scenes and for bulk rows. */
  async sql<Row extends pg.QueryResultRow>(text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
    return onServer<Row>(this.databaseUrl, text, parameters);
  }

  /** SQL on the server, outside of this platform's database. */
  async onServer(text: string, parameters: readonly unknown[] = []): Promise<void> {
    await onServer(this.servers.databaseUrl, text, parameters);
  }

  environment(): Record<string, string> {
    const { servers } = this;
    return {
      NODE_ENV: 'test',
      LOG_LEVEL: 'info',
      DATABASE_URL: this.databaseUrl,
      REDIS_URL: this.redisUrl,
      MASTER_KEY: servers.masterKey,
      JWT_SECRET: servers.jwtSecret,
      OPENAI_BASE_URL: servers.openaiUrl,
      OPENAI_API_KEY: 'simulated',
      OPENAI_MODELS: 'sim-chat@32768/4096,sim-small@400/100',
      MODERATION_BASE_URL: servers.openaiUrl,
      MODERATION_API_KEY: 'simulated-moderation',
      WECHAT_API_BASE_URL: servers.wechatUrl,
      WECHATPAY_BASE_URL: servers.wechatPayUrl,
      BOOTSTRAP_ADMIN_EMAIL: ADMIN.email,
      BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
      SHUTDOWN_GRACE_MS: '2000',
      UPSTREAM_BREAKER_OPEN_MS: '50',
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    await onServer(this.servers.databaseUrl, `DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`);
  }
}

async function onServer<Row extends pg.QueryResultRow>(url: string, text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, [...parameters])).rows;
  } finally {
    await client.end();
  }
}
