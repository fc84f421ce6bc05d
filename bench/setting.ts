import { startServers, type Servers } from '../launch/servers.js';
import { anyFreePort } from '../launch/ports.js';
import { start, type Process } from './processes.js';

const APP_ID = 'wxbench0000000000';
const USERS = 150;
const ADMIN = { email: 'bench@example.com', password: 'only for the bench' };

/** Everything that a bench run drives: the upstream simulator, the baseline before it, and the platform before it. */
export interface Setting {
  readonly upstreamUrl: string;
  readonly baselineUrl: string;
  readonly platformUrl: string;
  readonly platform: Process;
  readonly baseline: Process;
  readonly simulators: Process;
  readonly apiKey: string;
  /** Login tokens of USERS users, logged in once: logins are limited per address. */
  users(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function prepare(log: (line: string) => void, nodeArgs: readonly string[]): Promise<Setting> {
  const servers = await startServers({ ...(process.env['BAILIAO_CACHE_DIR'] === undefined ? { cacheDir: '.test/cache' } : {}), redisDatabases: 1 });
  const started: { stop(): Promise<void> }[] = [servers];
  const stop = async (): Promise<void> => {
    for (const each of started.splice(0).reverse()) await each.stop();
  };
  try {
    log('PostgreSQL (durable) and Redis (AOF) are up');
    const simulators = await start('simulators/main.js', [], {}, /^\{/);
    started.push(simulators);
    const { openai, wechat } = JSON.parse(simulators.line) as { openai: string; wechat: string };
    const env = environment(servers, openai, wechat);
    const migrated = await start('src/migrate.js', [], env, /applied CreateChat/);
    await migrated.stop();
    const port = await anyFreePort();
    const platform = await start('src/main.js', [], { ...env, PORT: String(port) }, /"msg":"listening"/, nodeArgs);
    started.push(platform);
    const baseline = await start('bench/baseline.js', [new URL(openai).origin], {}, /^\{/);
    started.push(baseline);
    const platformUrl = `http://127.0.0.1:${port}`;
    const { url: baselineUrl } = JSON.parse(baseline.line) as { url: string };
    const client = new Client(platformUrl, wechat);
    const apiKey = await client.prepare();
    log('simulators, baseline and platform are up');
    return { upstreamUrl: new URL(openai).origin, baselineUrl, platformUrl, platform, baseline, simulators, apiKey, users: () => client.users(), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function environment(servers: Servers, openai: string, wechat: string): NodeJS.ProcessEnv {
  return {
    DATABASE_URL: servers.databaseUrl, REDIS_URL: servers.redisUrl, MASTER_KEY: servers.secrets.masterKey, JWT_SECRET: servers.secrets.jwtSecret,
    OPENAI_BASE_URL: openai, OPENAI_API_KEY: 'simulated', OPENAI_MODELS: 'sim-fast@128000/4096', WECHAT_API_BASE_URL: wechat,
    BOOTSTRAP_ADMIN_EMAIL: ADMIN.email, BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password, HOST: '127.0.0.1', LOG_LEVEL: 'info', ROLE: 'all', NODE_ENV: 'production',
  };
}

/** Prepares what the load needs, as any client would. */
class Client {
  private readonly tokens: string[] = [];

  constructor(private readonly url: string, private readonly wechat: string) {}

  async prepare(): Promise<string> {
    const admin = await this.call('/admin/v1/auth/login', ADMIN);
    await this.call('/control/apps', { appid: APP_ID, secret: 'bench-secret' }, {}, this.wechat);
    await this.call('/admin/v1/tenants', { slug: 'bench', display_name: 'bench', app_id: APP_ID, app_secret: 'bench-secret' }, { authorization: `Bearer ${admin['access_token']}` });
    const key = await this.call('/v1/api-keys', { name: 'bench' }, { authorization: `Bearer ${await this.logIn('owner')}` });
    return key['key'] ?? '';
  }

  async users(): Promise<readonly string[]> {
    while (this.tokens.length < USERS) this.tokens.push(await this.logIn(`user${this.tokens.length}`));
    return this.tokens;
  }

  async conversation(token: string): Promise<string> {
    return (await this.call('/v1/conversations', {}, { authorization: `Bearer ${token}` }))['id'] ?? '';
  }

  private async logIn(user: string): Promise<string> {
    const { code } = await this.call('/control/codes', { appid: APP_ID, user }, {}, this.wechat);
    return (await this.call('/v1/auth/wechat', { code }, { 'x-tenant': 'bench' }))['access_token'] ?? '';
  }

  private async call(path: string, body: unknown, headers: Record<string, string> = {}, base = this.url): Promise<Record<string, string>> {
    const answer = await fetch(base + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body), signal: AbortSignal.timeout(20_000) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, string>;
  }
}

export async function openConversation(platformUrl: string, token: string): Promise<string> {
  return new Client(platformUrl, '').conversation(token);
}
