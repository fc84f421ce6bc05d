import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Env } from './given.js';
import { type Interrupts, aborted } from './interrupts.js';
import { LaunchError } from './launch-error.js';
import { endProcess } from './running.js';

const DRAIN_MS = 35_000;

/**
 * `npm start` under NODE_ENV=production: migrations, then the app, with their
 * output as it is. Nothing is embedded and no file is written. Gives the exit
 * code of the app.
 */
export async function runProduction(root: string, env: Env, interrupts: Interrupts): Promise<number> {
  const migration = await run(join(root, 'dist', 'src', 'migrate.js'), root, env, interrupts);
  if (interrupts.stop.aborted) return 130;
  if (migration !== 0) throw new LaunchError('数据库迁移失败。', 'The database could not be migrated.');
  return run(join(root, 'dist', 'src', 'main.js'), root, env, interrupts);
}

async function run(script: string, root: string, env: Env, interrupts: Interrupts): Promise<number> {
  const child = spawn(process.execPath, ['--enable-source-maps', script], { cwd: root, env, detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  await Promise.race([ended, aborted(interrupts.stop)]);
  if (interrupts.stop.aborted) await drain(child, interrupts.hurry);
  const [code] = await ended;
  return code ?? 1;
}

async function drain(child: ChildProcess, hurry: AbortSignal): Promise<void> {
  hurry.addEventListener('abort', () => child.kill('SIGKILL'), { once: true });
  if (child.pid !== undefined) await endProcess(child.pid, [{ signal: 'SIGTERM', patienceMs: DRAIN_MS }, { signal: 'SIGKILL', patienceMs: 5_000 }]);
}
