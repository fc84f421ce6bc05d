import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Account, SERVER_ENVIRONMENT, checkOwner, chooseAccount, giveTo } from './account.js';
import { LaunchError } from './launch-error.js';
import type { PostgresProgram } from './postgres-program.js';

/** Superuser of the embedded server. */
export const POSTGRES_USER = 'bailiao';

export interface PostgresFolder {
  readonly path: string;
  readonly account: Account;
  /** Whether it was made just now. */
  readonly fresh: boolean;
}

export interface FolderOptions {
  readonly dataDir: string;
  readonly program: PostgresProgram;
  readonly password: string;
  /** False only for tests: skips waiting for the disk. */
  readonly durable: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly log: (line: string) => void;
}

/**
 * Finds or makes the data folder `postgres`. It is initialised under another
 * name and renamed when whole, so a start that is cut off leaves nothing to
 * repair. Throws LaunchError for a folder of another major version, or one
 * that may hold data but is not whole: nothing that may be data is ever removed.
 */
export async function preparePostgresFolder(options: FolderOptions): Promise<PostgresFolder> {
  const path = join(options.dataDir, 'postgres');
  const state = inspectFolder(path);
  switch (state.kind) {
    case 'whole':
      if (state.major !== options.program.major) throw otherVersion(path, state.major, options.program.major);
      return { path, account: chooseAccount(path, accountProgram(options.program)), fresh: false };
    case 'damaged':
      throw new LaunchError(
        `PostgreSQL 数据目录 ${path} 不完整（缺少 ${state.missing}）：请从备份恢复，或移走它后重新启动（数据将从零开始）。`,
        `The PostgreSQL folder ${path} is not whole (${state.missing} is missing): restore it from a backup, or move it away to start from nothing.`,
      );
    case 'leftover': {
      const aside = `${path}.broken-${Date.now()}`;
      renameSync(path, aside);
      options.log(`未完成的数据目录已移到 ${aside} · an unfinished data folder was moved to ${aside}`);
      return initialise(path, options);
    }
    case 'absent':
      return initialise(path, options);
  }
}

/** What stands at the path: a cluster, something that may hold data but is not whole, an unfinished start without data, or nothing. */
export function inspectFolder(path: string): { kind: 'whole'; major: string } | { kind: 'damaged'; missing: string } | { kind: 'leftover' } | { kind: 'absent' } {
  if (!existsSync(path)) return { kind: 'absent' };
  checkOwner(path);
  const entries = readdirSync(path);
  if (entries.length === 0) return { kind: 'absent' };
  const versionFile = join(path, 'PG_VERSION');
  const major = existsSync(versionFile) ? readFileSync(versionFile, 'utf8').trim() : '';
  const control = join(path, 'global', 'pg_control');
  const hasControl = existsSync(control) && statSync(control).size > 0;
  if (major !== '' && hasControl) return { kind: 'whole', major };
  // initdb writes pg_control after the folders and before any table: without it and without tables there is no data.
  const base = join(path, 'base');
  const hasTables = existsSync(base) && readdirSync(base).some((database) => readdirSync(join(base, database)).length > 1);
  if (!hasControl && !hasTables) return { kind: 'leftover' };
  return { kind: 'damaged', missing: major === '' ? 'PG_VERSION' : 'global/pg_control' };
}

async function initialise(path: string, options: FolderOptions): Promise<PostgresFolder> {
  const part = `${path}.part`;
  const passwordFile = `${path}.password`;
  rmSync(part, { recursive: true, force: true });
  rmSync(path, { recursive: true, force: true });
  mkdirSync(part, { mode: 0o700 });
  const account = chooseAccount(part, accountProgram(options.program));
  try {
    writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
    giveTo(passwordFile, account);
    const args = [
      '-D', part, '-U', POSTGRES_USER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256',
      '--encoding=UTF8', '--locale-provider=builtin', '--locale=C.UTF-8', '--text-search-config=simple', ...(options.durable ? [] : ['--no-sync']),
    ];
    await runInitdb(account, args, options);
    renameSync(part, path);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(part, { recursive: true, force: true });
  }
  return { path, account, fresh: true };
}

async function runInitdb(account: Account, initdbArgs: readonly string[], options: FolderOptions): Promise<void> {
  const [command = '', ...args] = [...account.prefix, options.program.initdb, ...initdbArgs];
  const child = spawn(command, args, {
    cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000,
    env: { ...SERVER_ENVIRONMENT, ...options.program.env }, ...account.spawnAs, ...(options.signal ? { signal: options.signal } : {}),
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-4096);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code === 0) return;
  const reason = output.trim().split('\n').filter((line) => /error|fatal|could not|no space/i.test(line));
  throw new LaunchError('PostgreSQL 数据目录初始化失败。', 'The PostgreSQL data folder could not be initialised.', reason.slice(0, 3));
}

function accountProgram(program: PostgresProgram): { path: string; env: Readonly<Record<string, string>> } {
  return { path: program.postgres, env: program.env };
}

function otherVersion(path: string, found: string, ours: string): LaunchError {
  return new LaunchError(
    `${path} 是 PostgreSQL ${found} 的数据，而本版本自带 PostgreSQL ${ours}：请先用 pg_dump 和 pg_restore 迁移，或换一个空的 DATA_DIR。`,
    `${path} was made by PostgreSQL ${found}, and this release brings PostgreSQL ${ours}: move the data by pg_dump and pg_restore, or choose an empty DATA_DIR.`,
  );
}
