import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { checkOwner, chooseAccount, giveTo } from './account.js';
import { LaunchError } from './launch-error.js';
import { rememberedPort } from './ports.js';
import { findRedis } from './redis-program.js';
import { endProcess, worksIn } from './running.js';
import { type RunningServer, ServerProcess, lastLines } from './server-process.js';
import { until } from './wait.js';

export interface RedisOptions {
  /** Existing folder; the data stand in its `redis`. */
  readonly dataDir: string;
  /** Hexadecimal. */
  readonly password: string;
  /** Where an unpacked server stands; `dataDir` when absent. Shared by several data folders it is fetched once. */
  readonly cacheDir?: string;
  readonly port?: number;
  /** Number of logical databases; 16 when absent. */
  readonly databases?: number;
  /** False keeps nothing on disk: for tests only. */
  readonly durable?: boolean;
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
}

/** A long append-only file is read at some 100 MB/s. */
const START_MS = 180_000;
const STOP = [
  { signal: 'SIGTERM', patienceMs: 15_000 },
  { signal: 'SIGKILL', patienceMs: 5_000 },
] as const;

/**
 * Starts Redis or Valkey for a data folder on loopback, append-only file on,
 * never evicting, with a password. A server that a killed start left behind is
 * stopped first. Throws LaunchError with one sentence.
 */
export async function startRedis(options: RedisOptions): Promise<RunningServer> {
  const log = options.log ?? ((): void => undefined);
  const program = await findRedis({ cacheDir: options.cacheDir ?? options.dataDir, signal: options.signal, log });
  const folder = join(options.dataDir, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  checkOwner(folder);
  const pidFile = join(folder, 'redis.pid');
  await stopLeftOver(pidFile, folder, log);
  const account = chooseAccount(folder, program);
  const port = options.port ?? (await rememberedPort(options.dataDir, 'redis', 16_379));
  const config = join(folder, 'redis.conf');
  writeFileSync(config, configText({ folder, port, pidFile, password: options.password, databases: options.databases ?? 16, durable: options.durable ?? true }), { mode: 0o600 });
  giveTo(config, account);
  const server = ServerProcess.start({
    account, command: program.path, args: [config], env: program.env, logFile: join(options.dataDir, 'logs', 'redis.log'),
  });
  try {
    await untilReady(server, port, options.password, options.signal);
    return {
      url: `redis://:${options.password}@127.0.0.1:${port}/0`,
      port, version: program.version, pid: server.pid, ended: server.ended,
      stop: () => server.end(STOP),
    };
  } catch (error) {
    await server.end(STOP);
    throw error;
  }
}

/** The configuration file; the password stands here and not among the arguments, which every user of the machine can read. */
export function configText(values: {
  readonly folder: string; readonly port: number; readonly pidFile: string; readonly password: string; readonly databases: number; readonly durable: boolean;
}): string {
  return [
    'bind 127.0.0.1', 'protected-mode yes', `port ${values.port}`, `requirepass ${values.password}`, `databases ${values.databases}`,
    'daemonize no', 'supervised no', `pidfile ${quote(values.pidFile)}`, `dir ${quote(values.folder)}`, 'logfile ""', 'loglevel notice',
    'maxmemory-policy noeviction', 'save ""', `appendonly ${values.durable ? 'yes' : 'no'}`, 'appendfsync everysec', 'tcp-backlog 128', '',
  ].join('\n');
}

function quote(path: string): string {
  return `"${path.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

async function untilReady(server: ServerProcess, port: number, password: string, signal: AbortSignal | undefined): Promise<void> {
  const outcome = await until(async () => {
    if (!server.isRunning) return 'ended';
    return (await answersPing(port, password)) ? 'ready' : undefined;
  }, { timeoutMs: START_MS, signal });
  if (outcome === 'ready') return;
  throw new LaunchError(
    outcome === 'ended' ? `Redis 启动失败，详见 ${server.logFile}。` : `Redis 在 ${START_MS / 1000} 秒内没有就绪，详见 ${server.logFile}。`,
    outcome === 'ended' ? `Redis did not start; see ${server.logFile}.` : `Redis was not ready within ${START_MS / 1000} s; see ${server.logFile}.`,
    lastLines(server.logFile, 3),
  );
}

/** Logs in and pings by inline commands: it is our server that answers, and it has loaded its data. */
async function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let answer = '';
    const done = (ready: boolean): void => {
      socket.destroy();
      resolve(ready);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (chunk) => {
      answer = (answer + chunk.toString('latin1')).slice(-256);
      if (answer === '+OK\r\n+PONG\r\n') done(true);
      else if (answer.includes('-') || answer.length === 256) done(false);
    });
  });
}

async function stopLeftOver(pidFile: string, folder: string, log: (line: string) => void): Promise<void> {
  const pid = readPid(pidFile);
  if (pid !== undefined && worksIn(pid, folder)) {
    log(`停止上次遗留的 Redis · stopping a Redis left over from before (pid ${pid})`);
    if (!(await endProcess(pid, STOP))) {
      throw new LaunchError(`上次遗留的 Redis（pid ${pid}）无法停止，请手动结束它。`, `A left-over Redis (pid ${pid}) does not stop; end it by hand.`);
    }
  }
  rmSync(pidFile, { force: true });
}

function readPid(pidFile: string): number | undefined {
  try {
    if (statSync(pidFile).size > 32) return undefined;
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
