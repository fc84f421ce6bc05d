import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { POSTGRES_USER } from './postgres-folder.js';
import { parsePostmasterPid } from './postmaster-pid.js';
import type { Env } from './given.js';
import { LaunchError } from './launch-error.js';
import { openSecrets } from './secrets.js';

/**
 * The environment of a command that works on the database: as it is when it names one, else that of the embedded
 * server which an `npm start` of this data folder runs at this moment. Throws LaunchError when there is none.
 */
export function databaseEnv(env: Env, cwd: string): Env {
  if ((env['DATABASE_URL'] ?? '') !== '') return env;
  const dataDir = resolve(cwd, env['DATA_DIR'] || '.data');
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
  const port = existsSync(pidFile) ? parsePostmasterPid(readFileSync(pidFile, 'utf8'))?.port : undefined;
  if (port === undefined) {
    throw new LaunchError(`${dataDir} 里没有正在运行的内置数据库：请先运行 npm start，或设置 DATABASE_URL。`, `No embedded database of ${dataDir} is running: run npm start first, or set DATABASE_URL.`);
  }
  const secrets = openSecrets(dataDir);
  return { ...env, DATABASE_URL: `postgres://${POSTGRES_USER}:${secrets.postgresPassword}@127.0.0.1:${port}/bailiao`, MASTER_KEY: env['MASTER_KEY'] || secrets.masterKey };
}
