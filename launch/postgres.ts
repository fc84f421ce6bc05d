import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { LaunchError } from './launch-error.js';
import { rememberedPort } from './ports.js';
import { POSTGRES_USER, type PostgresFolder, preparePostgresFolder } from './postgres-folder.js';
import { findPostgres } from './postgres-program.js';
import { parsePostmasterPid } from './postmaster-pid.js';
import { endProcess, worksIn } from './running.js';
import { type RunningServer, ServerProcess, lastLines } from './server-process.js';
import { until } from './wait.js';

export interface PostgresOptions {
  /** Existing folder; the cluster stands in its `postgres`. */
  readonly dataDir: string;
  /** Hexadecimal password of the superuser `bailiao`. */
  readonly password: string;
  /** Where made things that are no data may stand; `dataDir` when absent. */
  readonly cacheDir?: string;
  /** A fixed port; otherwise the remembered one of the data folder. */
  readonly port?: number;
  /** Made when missing; `bailiao` when absent. */
  readonly database?: string;
  /** False gives up safety against power loss for speed: for tests only. */
  readonly durable?: boolean;
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
}

/** Crash recovery replays what was written since the last checkpoint, which may take its time. */
const START_MS = 180_000;
/** Fast shutdown (ends sessions, writes a checkpoint), then immediate, then the kernel's. */
const STOP = [
  { signal: 'SIGINT', patienceMs: 30_000 },
  { signal: 'SIGQUIT', patienceMs: 5_000 },
  { signal: 'SIGKILL', patienceMs: 5_000 },
] as const;

/**
 * Starts the embedded PostgreSQL of a data folder on loopback, over TCP only:
 * a socket's path in a deep folder would pass the kernel's limit of 107 bytes.
 * A server that a killed start left behind is stopped first. Gives its URL
 * with the password. Throws LaunchError with one sentence.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningServer> {
  const log = options.log ?? ((): void => undefined);
  const durable = options.durable ?? true;
  const program = findPostgres(options.cacheDir ?? options.dataDir);
  await stopLeftOver(join(options.dataDir, 'postgres'), log);
  const folder = await preparePostgresFolder({ dataDir: options.dataDir, program, password: options.password, durable, signal: options.signal, log });
  const port = options.port ?? (await rememberedPort(options.dataDir, 'postgres', 15_432));
  const server = ServerProcess.start({
    account: folder.account,
    command: program.postgres,
    args: ['-D', folder.path, ...settings(port, durable)],
    env: program.env,
    logFile: join(options.dataDir, 'logs', 'postgres.log'),
  });
  try {
    await untilReady(server, folder, options.signal);
    const database = options.database ?? 'bailiao';
    await makeDatabase({ port, password: options.password, database });
    return {
      url: `postgres://${POSTGRES_USER}:${options.password}@127.0.0.1:${port}/${database}`,
      port, version: program.version, pid: server.pid, ended: server.ended,
      stop: () => server.end(STOP),
    };
  } catch (error) {
    await server.end(STOP);
    throw error;
  }
}

function settings(port: number, durable: boolean): string[] {
  const values: Record<string, string | number> = {
    port, listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: 200, timezone: 'UTC', log_timezone: 'UTC', jit: 'off',
    password_encryption: 'scram-sha-256', cluster_name: 'bailiao', logging_collector: 'off', log_line_prefix: '%m [%p] ',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum_naptime: '10s' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** PostgreSQL says in its pid file when it takes connections, as pg_ctl reads it. */
async function untilReady(server: ServerProcess, folder: PostgresFolder, signal: AbortSignal | undefined): Promise<void> {
  const outcome = await until(() => {
    if (!server.isRunning) return 'ended';
    const state = readPid(folder.path);
    return state?.pid === server.pid && state.status === 'ready' ? 'ready' : undefined;
  }, { timeoutMs: START_MS, signal });
  if (outcome === 'ready') return;
  const lines = lastLines(server.logFile);
  throw new LaunchError(
    outcome === 'ended' ? `PostgreSQL 启动失败，详见 ${server.logFile}。` : `PostgreSQL 在 ${START_MS / 1000} 秒内没有就绪，详见 ${server.logFile}。`,
    outcome === 'ended' ? `PostgreSQL did not start; see ${server.logFile}.` : `PostgreSQL was not ready within ${START_MS / 1000} s; see ${server.logFile}.`,
    lines,
  );
}

/** Stops a server that works in our folder; a pid file that names a process of another kind is stale and would keep PostgreSQL from starting. */
async function stopLeftOver(folder: string, log: (line: string) => void): Promise<void> {
  const state = readPid(folder);
  if (!state) return;
  if (worksIn(state.pid, folder)) {
    log(`停止上次遗留的 PostgreSQL · stopping a PostgreSQL left over from before (pid ${state.pid})`);
    if (await endProcess(state.pid, STOP)) return;
    throw new LaunchError(`上次遗留的 PostgreSQL（pid ${state.pid}）无法停止，请手动结束它。`, `A left-over PostgreSQL (pid ${state.pid}) does not stop; end it by hand.`);
  }
  if (namesOtherProgram(state.pid)) rmSync(join(folder, 'postmaster.pid'), { force: true });
}

/** Whether the id now belongs to a program that is no PostgreSQL. When in doubt, no: PostgreSQL's own check decides then. */
function namesOtherProgram(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() !== 'postgres';
  } catch {
    return false;
  }
}

function readPid(folder: string): ReturnType<typeof parsePostmasterPid> {
  try {
    return parsePostmasterPid(readFileSync(join(folder, 'postmaster.pid'), 'utf8'));
  } catch {
    return undefined;
  }
}

async function makeDatabase(target: { readonly port: number; readonly password: string; readonly database: string }): Promise<void> {
  const client = new Client({
    host: '127.0.0.1', port: target.port, user: POSTGRES_USER, password: target.password, database: 'postgres',
    connectionTimeoutMillis: 10_000, query_timeout: 30_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [target.database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE "${target.database.replaceAll('"', '""')}"`);
  } catch (error) {
    if ((error as { code?: string }).code === '28P01') {
      throw new LaunchError(
        'secrets.json 与 PostgreSQL 数据不匹配（密码错误）：请恢复与数据一同备份的 secrets.json。',
        'secrets.json does not belong to this PostgreSQL data (wrong password): restore the one that was kept with the data.',
      );
    }
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
}
