import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { LaunchError } from './launch-error.js';
import { unpackDebianPackages } from './debian-packages.js';

/** A Redis or Valkey server that runs on this machine. */
export interface RedisProgram {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly name: 'Redis' | 'Valkey';
  readonly version: string;
}

/** Oldest Redis with everything that BullMQ and the streams use. */
export const MINIMUM_REDIS = [6, 2] as const;
const NAMES = ['redis-server', 'valkey-server'] as const;

export interface FindRedisOptions {
  /** Where an unpacked server stands and is found again. */
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly log: (line: string) => void;
}

/**
 * Finds a server: on the PATH, else unpacked before, else unpacked now from
 * the packages of Debian or Ubuntu, without root and without installing
 * anything. Throws LaunchError that says what to do when there is none.
 */
export async function findRedis(options: FindRedisOptions): Promise<RedisProgram> {
  const tooOld: string[] = [];
  const accept = (program: RedisProgram | undefined): RedisProgram | undefined => {
    if (program && !isRecentEnough(program.version)) tooOld.push(`${program.name} ${program.version}`);
    return program && isRecentEnough(program.version) ? program : undefined;
  };
  for (const name of NAMES) {
    const path = onPath(name);
    const program = path === undefined ? undefined : accept(askVersion(path, {}));
    if (program) return program;
  }
  const root = join(options.cacheDir, 'redis-program');
  const unpacked = accept(findUnpacked(root));
  if (unpacked) return unpacked;
  const failures: string[] = [];
  for (const name of NAMES) {
    options.log(`本机没有 Redis，从系统软件源取 ${name}（不安装）· no Redis here, unpacking ${name} from the system's package source (not installed)`);
    const part = `${root}.part`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(part, { recursive: true, mode: 0o755 });
    try {
      await unpackDebianPackages(name, part, options.signal);
      const program = accept(findUnpacked(part));
      if (program) {
        rmSync(root, { recursive: true, force: true });
        renameSync(part, root);
        const moved = findUnpacked(root);
        if (moved) return moved;
      }
      failures.push(program ? '' : `${name}: ${tooOld.at(-1) ?? 'does not run here'}`);
    } catch (error) {
      options.signal?.throwIfAborted();
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      rmSync(part, { recursive: true, force: true });
    }
  }
  const old = tooOld.length > 0 ? `（${[...new Set(tooOld)].join('、')} 低于 6.2）` : '';
  throw new LaunchError(
    `找不到可用的 Redis${old}：请安装 redis-server 或 valkey-server（6.2 或更高，如 apt install redis-server），或设置 REDIS_URL。`,
    'No usable Redis was found: install redis-server or valkey-server (6.2 or newer, such as: apt install redis-server), or set REDIS_URL.',
    failures.filter((line) => line !== ''),
  );
}

/** `Redis server v=7.0.15 sha=…` or `Valkey server v=8.1.1 …` → name and version. */
export function parseRedisVersion(text: string): { name: RedisProgram['name']; version: string } | undefined {
  const version = /\bv=(\d+\.\d+(?:\.\d+)*)/.exec(text)?.[1];
  return version === undefined ? undefined : { name: /valkey/i.test(text) ? 'Valkey' : 'Redis', version };
}

/** Whether the version is 6.2 or newer. */
export function isRecentEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major > MINIMUM_REDIS[0] || (major === MINIMUM_REDIS[0] && minor >= MINIMUM_REDIS[1]);
}

function askVersion(path: string, env: Readonly<Record<string, string>>): RedisProgram | undefined {
  const asked = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000, env: { PATH: process.env['PATH'], ...env } });
  const found = asked.status === 0 ? parseRedisVersion(asked.stdout) : undefined;
  return found && { path, env, ...found };
}

function findUnpacked(root: string): RedisProgram | undefined {
  if (!existsSync(root)) return undefined;
  const libraries = [join(root, 'usr', 'lib'), join(root, 'lib')]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => [folder, ...readdirSync(folder).filter((name) => name.includes('-linux-')).map((name) => join(folder, name))]);
  for (const name of NAMES) {
    const path = join(root, 'usr', 'bin', name);
    const program = existsSync(path) ? askVersion(path, { LD_LIBRARY_PATH: libraries.join(':') }) : undefined;
    if (program) return program;
  }
  return undefined;
}

function onPath(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/bin', '/usr/bin', '/usr/sbin', '/opt/homebrew/bin'];
  return folders.filter((folder) => folder.startsWith('/')).map((folder) => join(folder, name)).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
