import { resolve } from 'node:path';
import { startApp } from './app.js';
import { type DataDir, makeFolder } from './data-dir.js';
import { ensureDemoMerchant } from './demo-merchant.js';
import { DEMO_APP_ID, DEMO_SLUG, ensureDemoTenant, logInAsAdmin } from './demo-tenant.js';
import { enterDemoWords } from './demo-words.js';
import { openFirstAdmin } from './first-admin.js';
import { type Env, type Given, readPort } from './given.js';
import { LaunchError } from './launch-error.js';
import { LeftOvers } from './left-overs.js';
import { runMigrations } from './migrations.js';
import { anyFreePort, probePort } from './ports.js';
import { startPostgres } from './postgres.js';
import { startRedis } from './redis.js';
import { openSecrets } from './secrets.js';
import { type Simulators, startSimulators } from './simulators.js';
import type { Started } from './started.js';
import type { Steps } from './steps.js';
import type { WelcomeFacts } from './welcome.js';

export interface BringUpOptions {
  /** Root of the project: `dist` stands below it. */
  readonly root: string;
  readonly env: Env;
  readonly given: Given;
  readonly dataDir: DataDir;
  readonly steps: Steps;
  readonly started: Started;
  readonly signal: AbortSignal;
  /** Told when a part ends by itself, with its last lines. */
  readonly onEnd: (name: string, lines: readonly string[]) => void;
}

/** Streams may end by themselves for 30 s after SIGTERM; a little more until the process is gone. */
const DRAIN_MS = 35_000;
/** Names at the simulator; the first is the default. */
const SIMULATED_MODELS = ['sim-chat', 'sim-fast', 'sim-slow', 'gpt-4o-mini'].map((name) => `${name}@128000/16384`).join(',');

/** Starts everything in order and gives what there is to say at the end. What was started is in `started`, also when this throws. */
export async function bringUp(options: BringUpOptions): Promise<WelcomeFacts> {
  const { root, env, given, dataDir, steps, started, signal } = options;
  const log = (line: string): void => steps.note(line);
  const leftOvers = new LeftOvers(dataDir.path);
  if ((await leftOvers.end()) > 0) log('已结束上次遗留的进程 · ended processes left over from before');
  const noted = (pid: number): void => leftOvers.note(pid);
  const host = env['HOST'] || defaultHost(given);
  const port = await choosePort(env, host);
  const secrets = openSecrets(dataDir.path);
  const admin = openFirstAdmin(dataDir.path, env);
  const cacheDir = env['BAILIAO_CACHE_DIR'] ? resolve(env['BAILIAO_CACHE_DIR']) : dataDir.path;
  makeFolder(cacheDir);

  const databaseUrl = given.database ? env['DATABASE_URL'] ?? '' : await steps.run('数据库 PostgreSQL', async () => {
    const server = await startPostgres({ dataDir: dataDir.path, cacheDir, password: secrets.postgresPassword, signal, log });
    started.add('PostgreSQL', () => server.stop());
    void server.ended.then(() => options.onEnd('PostgreSQL', []));
    return { detail: `${server.version}  127.0.0.1:${server.port}`, value: server.url };
  });
  const redisUrl = given.redis ? env['REDIS_URL'] ?? '' : await steps.run('缓存队列 Redis', async () => {
    const server = await startRedis({ dataDir: dataDir.path, cacheDir, password: secrets.redisPassword, signal, log });
    started.add('Redis', () => server.stop());
    void server.ended.then(() => options.onEnd('Redis', []));
    return { detail: `${server.version}  127.0.0.1:${server.port}`, value: server.url };
  });
  const base: Env = {
    ...env, DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, PORT: String(port), HOST: host, ROLE: env['ROLE'] || 'all',
    MASTER_KEY: env['MASTER_KEY'] || secrets.masterKey, JWT_SECRET: env['JWT_SECRET'] || secrets.jwtSecret,
    BOOTSTRAP_ADMIN_EMAIL: admin.email, ...(admin.password === undefined ? {} : { BOOTSTRAP_ADMIN_PASSWORD: admin.password }),
  };
  await steps.run('迁移 migrations', async () => ({ detail: await runMigrations({ root, logs: dataDir.logs, env: base, signal }), value: undefined }));

  const simulators = given.openai && given.wechat && given.pay ? undefined : await steps.run('模拟器 simulators', async () => {
    const value = await startSimulators({ root, logs: dataDir.logs, dataDir: dataDir.path, signal, noted });
    started.add('模拟器 simulators', (hurry) => value.child.stop(5_000, hurry));
    void value.child.ended.then(() => options.onEnd('模拟器 simulators', value.child.lastLines));
    return { detail: simulatedParts(given).join('、'), value };
  });
  const url = `http://${reachable(host)}:${port}`;
  await steps.run('应用 Bailiao', async () => {
    const child = await startApp({
      root, logs: dataDir.logs, env: { ...base, ...simulated(given, simulators) }, url, signal, noted, warn: log,
    });
    started.add('百聊 Bailiao', (hurry) => child.stop(DRAIN_MS, hurry));
    void child.ended.then((how) => options.onEnd(`百聊 Bailiao (${how})`, child.lastLines));
    return { detail: `${host}:${port}`, value: undefined };
  });
  const wechat = given.wechat ? undefined : simulators?.wechat;
  const demo = wechat === undefined ? 'absent' : await steps.run('演示租户 demo tenant', async () => {
    const token = await logInAsAdmin(url, admin, signal);
    const value = await ensureDemoTenant({ url, wechat, token, appSecret: secrets.demoAppSecret, signal });
    if (simulators !== undefined && !given.pay) await ensureDemoMerchant({ url, wechatpay: simulators.wechatpay, dataDir: dataDir.path, token, signal });
    if (value === 'made' && token !== undefined) await enterDemoWords({ url, token, signal });
    if (value === 'absent') log('演示租户不存在，可由管理员新建（slug demo）· the demo tenant is missing; an admin can make it');
    return { detail: value === 'absent' ? '—' : DEMO_SLUG, value };
  });
  // Only a password that opens the door is shown: another database may have an admin of its own.
  const opens = admin.made && admin.password !== undefined && (await logInAsAdmin(url, admin, signal)) !== undefined;
  return {
    url: env['PUBLIC_URL'] || `http://localhost:${port}`,
    dataDir: dataDir.path, demo: demo !== 'absent', simulated: simulatedParts(given), payUrl: given.pay ? undefined : simulators?.wechatpay,
    admin: opens && admin.password !== undefined ? { email: admin.email, password: admin.password, shown: () => admin.markShown() } : undefined,
  };
}

/** A real key behind a simulated login is for this machine only: the try-out page logs anybody in. */
function defaultHost(given: Given): string {
  return given.openai && !given.wechat ? '127.0.0.1' : '0.0.0.0';
}

/** The part of the app's environment that points to the simulators. */
export function simulated(given: Given, simulators: Omit<Simulators, 'child'> | undefined): Env {
  if (!simulators) return {};
  return {
    ...(given.openai ? {} : { OPENAI_BASE_URL: simulators.openai, OPENAI_API_KEY: 'simulated', OPENAI_MODELS: SIMULATED_MODELS }),
    // A real upstream is not asked to judge unless somebody says so: few of them can, and it may cost.
    ...(given.openai || given.moderation ? {} : { MODERATION_BASE_URL: simulators.openai, MODERATION_API_KEY: 'simulated' }),
    ...(given.wechat ? {} : { WECHAT_API_BASE_URL: simulators.wechat, TRYOUT_CODE_URL: `${simulators.wechat}/control/codes?appid=${DEMO_APP_ID}&tenant=${DEMO_SLUG}` }),
    ...(given.pay ? {} : { WECHATPAY_BASE_URL: simulators.wechatpay }),
  };
}

function simulatedParts(given: Given): ('OpenAI' | 'WeChat' | 'WeChat Pay')[] {
  return [...(given.openai ? [] : (['OpenAI'] as const)), ...(given.wechat ? [] : (['WeChat'] as const)), ...(given.pay ? [] : (['WeChat Pay'] as const))];
}

/** Where a client on this machine reaches a server that listens on `host`. */
export function reachable(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1';
  return host.includes(':') ? `[${host}]` : host;
}

async function choosePort(env: Env, host: string): Promise<number> {
  const wanted = readPort(env);
  if (wanted === 0) return anyFreePort();
  const state = await probePort(wanted, host);
  if (state === 'in-use') {
    throw new LaunchError(`端口 ${wanted} 已被占用：请停止占用它的程序，或换一个端口，如 PORT=${wanted + 1} npm start。`, `Port ${wanted} is in use: stop what uses it, or choose another one, such as PORT=${wanted + 1} npm start.`);
  }
  if (state === 'forbidden') {
    throw new LaunchError(`当前用户无权监听端口 ${wanted}：请换 1024 以上的端口，如 PORT=3000 npm start。`, `This user may not listen on port ${wanted}: choose one above 1024, such as PORT=3000 npm start.`);
  }
  return wanted;
}
