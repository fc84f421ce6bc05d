import { join } from 'node:path';
import { Child } from './child.js';
import type { Env } from './given.js';
import { LaunchError } from './launch-error.js';

const PATIENCE_MS = 15 * 60_000;

/** Brings the schema to this build's, in a process of its own. Gives its last line. Throws LaunchError. */
export async function runMigrations(options: { readonly root: string; readonly logs: string; readonly env: Env; readonly signal: AbortSignal }): Promise<string> {
  const child = Child.start({ script: join(options.root, 'dist', 'src', 'migrate.js'), cwd: options.root, env: options.env, logFile: join(options.logs, 'migrations.log') });
  const bound = AbortSignal.any([options.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const stop = (): void => void child.stop(5_000);
  bound.addEventListener('abort', stop, { once: true });
  const how = await child.ended;
  bound.removeEventListener('abort', stop);
  options.signal.throwIfAborted();
  const lines = child.lastLines.filter((line) => line.trim() !== '');
  if (how !== 'exit 0') throw new LaunchError('数据库迁移失败。', 'The database could not be migrated.', lines.slice(-5));
  // Counted by the command: only its last lines are kept here.
  const applied = lines.map((line) => /^migrations applied: (\d+)$/.exec(line)?.[1]).find((count) => count !== undefined);
  return applied !== undefined ? `应用 ${applied} 个迁移 · ${applied} applied` : '已是最新 · up to date';
}
