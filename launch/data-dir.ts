import { accessSync, constants, existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LaunchError } from './launch-error.js';
import { type ProcessIdentity, identify, isSame } from './running.js';

/** A data folder that this process alone may use until `release`. */
export interface DataDir {
  /** Absolute path. */
  readonly path: string;
  readonly logs: string;
  release(): void;
}

/**
 * Makes the data folder, checks that it can be written and locks it against a
 * second start. Throws LaunchError with one sentence otherwise.
 */
export function openDataDir(folder: string): DataDir {
  const path = resolve(folder);
  makeFolder(path);
  const logs = join(path, 'logs');
  makeFolder(logs, 0o700);
  const lock = join(path, 'launcher.json');
  takeLock(lock, path);
  return { path, logs, release: () => dropLock(lock) };
}

/** Makes a folder or says in one sentence why it cannot be used. As root others may pass through it, since the servers run as another account. */
export function makeFolder(path: string, mode = process.getuid?.() === 0 ? 0o711 : 0o700): void {
  try {
    makeWithParents(path, mode);
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    const owner = ownerOf(path);
    throw new LaunchError(
      `数据目录 ${path} 不可写（${reason}${owner}）：请修正权限，或用 DATA_DIR 指定另一个目录。`,
      `The data folder ${path} cannot be written (${reason}${owner}): fix its permissions, or name another one with DATA_DIR.`,
    );
  }
}

/** Not mkdir's own `recursive`: below /proc, where ENOENT never goes away, Node 24 tries for ever. */
function makeWithParents(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error;
    makeWithParents(dirname(path), mode);
    mkdirSync(path, { mode });
  }
}

/** Writes our identity; takes over only from a process that is gone. */
function takeLock(lock: string, folder: string): void {
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(identify(process.pid)));
  try {
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        // link(2) fails when the name exists, and the file under it is whole from the first moment on.
        linkSync(mine, lock);
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = readHolder(lock);
      if (holder && isSame(holder)) throw inUse(folder, holder.pid);
      removeStale(lock, mine);
    }
    throw inUse(folder, readHolder(lock)?.pid ?? 0);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Moves a stale lock away. Another start may have replaced it since we looked: what was moved is looked at again, and put back if alive. */
function removeStale(lock: string, mine: string): void {
  const moved = `${mine}.stale`;
  try {
    renameSync(lock, moved);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const holder = readHolder(moved);
  if (holder && isSame(holder) && !existsSync(lock)) linkSync(moved, lock);
  rmSync(moved, { force: true });
}

function dropLock(lock: string): void {
  if (readHolder(lock)?.pid === process.pid) rmSync(lock, { force: true });
}

function readHolder(lock: string): ProcessIdentity | undefined {
  try {
    const holder = JSON.parse(readFileSync(lock, 'utf8')) as Partial<ProcessIdentity>;
    return typeof holder.pid === 'number' && typeof holder.started === 'string' ? { pid: holder.pid, started: holder.started } : undefined;
  } catch {
    return undefined;
  }
}

function inUse(folder: string, pid: number): LaunchError {
  return new LaunchError(
    `数据目录 ${folder} 正被另一个百聊进程（pid ${pid}）使用：请先停止它，或用 DATA_DIR 指定另一个目录。`,
    `The data folder ${folder} is in use by another start of Bailiao (pid ${pid}): stop that one, or name another folder with DATA_DIR.`,
  );
}

function ownerOf(path: string): string {
  let place = path;
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place);
  try {
    const { uid } = statSync(place);
    return uid === process.getuid?.() ? '' : `, uid ${uid}`;
  } catch {
    return '';
  }
}
