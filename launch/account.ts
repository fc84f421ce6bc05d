import { chownSync, readFileSync, rmSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { dirname, join } from 'node:path';
import { LaunchError } from './launch-error.js';

/** Who a server runs as, and the words before its command that make it so. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly prefix: readonly string[];
  /** Set when the kernel changes the account at spawn, without setpriv. */
  readonly spawnAs: { readonly uid: number; readonly gid: number } | undefined;
}

/** A program's environment holds nothing of ours: no key, no PG* variable that would redirect a server. */
export const SERVER_ENVIRONMENT: Readonly<Record<string, string>> = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', TZ: 'UTC' };

/** Accounts that may run a server for root, in order: PostgreSQL refuses to run as root, and Redis should not. */
const UNPRIVILEGED = ['postgres', 'nobody'];

/**
 * Chooses who runs `program` with its data in `folder`. An ordinary user runs
 * it as himself. Root runs it as the folder's owner, else as an existing
 * unprivileged account; none is created. Where that account cannot reach the
 * program or the folder (a checkout in /root, mode 0700), it gets the one
 * capability to pass through folders, by setpriv. `folder` is given to the
 * account. Throws LaunchError when no way works.
 */
export function chooseAccount(folder: string, program: { readonly path: string; readonly env?: Readonly<Record<string, string>> }): Account {
  const owner = checkOwner(folder);
  const user = process.getuid?.() ?? owner;
  if (user !== 0) {
    return { uid: user, gid: process.getgid?.() ?? 0, prefix: endsWithParent() ? ['setpriv', '--pdeathsig', 'INT'] : [], spawnAs: undefined };
  }
  const target = ownerBelow(folder) ?? unprivileged();
  giveTo(folder, target);
  const found = waysFor(target).find((account) => reaches(account, folder, program));
  if (found) return found;
  throw new LaunchError(
    `以 root 启动时，数据库须以普通账号（uid ${target.uid}）运行，但该账号无法进入 ${folder} 或 ${program.path}：` +
      '请改用普通用户启动，或安装 util-linux（setpriv），或把代码和 DATA_DIR 放到所有用户可进入的目录（如 /srv/bailiao）。',
    `Started as root, the servers run as an ordinary account (uid ${target.uid}), which cannot reach ${folder} or ${program.path}: ` +
      'start as an ordinary user, or install util-linux (setpriv), or move the code and DATA_DIR to a folder that all users can enter (such as /srv/bailiao).',
  );
}

/** The owner's id of a folder that this user may use; root may use any. Throws LaunchError for another user's. */
export function checkOwner(folder: string): number {
  const owner = statSync(folder).uid;
  const user = process.getuid?.() ?? owner;
  if (user === 0 || owner === user) return owner;
  throw new LaunchError(
    `${folder} 属于另一个用户（uid ${owner}）：请用该用户或 root 启动，或用 DATA_DIR 指定另一个目录。`,
    `${folder} belongs to another user (uid ${owner}): start as that user or as root, or name another folder with DATA_DIR.`,
  );
}

/** Gives a file or folder (with what it holds) to the account, where root has to. */
export function giveTo(path: string, account: { readonly uid: number; readonly gid: number }): void {
  if (process.getuid?.() !== 0 || statSync(path).uid === account.uid) return;
  chownSync(path, account.uid, account.gid);
  if (statSync(path).isDirectory()) spawnSync('chown', ['-R', `${account.uid}:${account.gid}`, path], { timeout: 60_000 });
}

/** The first of the well-known unprivileged accounts in the text of /etc/passwd; the kernel's overflow id when there is none. */
export function pickAccount(passwd: string): { uid: number; gid: number } {
  const lines = passwd.split('\n').map((line) => line.split(':'));
  for (const name of UNPRIVILEGED) {
    const fields = lines.find((line) => line[0] === name);
    const uid = Number.parseInt(fields?.[2] ?? '', 10);
    const gid = Number.parseInt(fields?.[3] ?? '', 10);
    if (uid > 0 && gid > 0) return { uid, gid };
  }
  return { uid: 65_534, gid: 65_534 };
}

/** The account that the data belong to already: of the folder itself, or of the one it was just made in. */
function ownerBelow(folder: string): { uid: number; gid: number } | undefined {
  const found = [statSync(folder), statSync(dirname(folder))].find((stat) => stat.uid !== 0);
  return found && { uid: found.uid, gid: found.gid };
}

function unprivileged(): { uid: number; gid: number } {
  try {
    return pickAccount(readFileSync('/etc/passwd', 'utf8'));
  } catch {
    return pickAccount('');
  }
}

/**
 * Ways to become the account, least power first. `no_setuid_fixup` lets
 * access(2) honour the capability: PostgreSQL looks for its own path with it.
 * Docker's default set has dac_override but not dac_read_search.
 */
function waysFor(target: { readonly uid: number; readonly gid: number }): Account[] {
  const setpriv = ['setpriv', `--reuid=${target.uid}`, `--regid=${target.gid}`, '--clear-groups'];
  const died = endsWithParent() ? ['--pdeathsig', 'INT'] : [];
  const withCapability = (name: string): Account => ({
    ...target,
    prefix: [...setpriv, `--inh-caps=+${name}`, `--ambient-caps=+${name}`, '--securebits=+no_setuid_fixup', ...died],
    spawnAs: undefined,
  });
  return [
    ...(endsWithParent() ? [{ ...target, prefix: [...setpriv, ...died], spawnAs: undefined }] : []),
    { ...target, prefix: [], spawnAs: target },
    withCapability('dac_read_search'),
    withCapability('dac_override'),
  ];
}

/** Really tries it: runs the program and writes into the folder. PostgreSQL complains on stderr when it cannot find itself. */
function reaches(account: Account, folder: string, program: { readonly path: string; readonly env?: Readonly<Record<string, string>> }): boolean {
  const probe = join(folder, `.probe-${randomBytes(4).toString('hex')}`);
  const script = '"$1" --version >/dev/null && : > "$2" && rm -f "$2"';
  const [command = 'sh', ...args] = [...account.prefix, 'sh', '-c', script, 'sh', program.path, probe];
  const result = spawnSync(command, args, {
    cwd: '/', env: { ...SERVER_ENVIRONMENT, ...program.env }, timeout: 15_000, encoding: 'utf8', ...account.spawnAs,
  });
  rmSync(probe, { force: true });
  return result.status === 0 && result.stderr.trim() === '';
}

let parentDeathSignal: boolean | undefined;

/** Whether util-linux's setpriv is there, which ends a server when a killed launcher cannot. */
function endsWithParent(): boolean {
  parentDeathSignal ??= spawnSync('setpriv', ['--pdeathsig', 'INT', 'true'], { timeout: 5_000, env: { ...SERVER_ENVIRONMENT } }).status === 0;
  return parentDeathSignal;
}
