import { join } from 'node:path';
import { bringUp } from './bring-up.js';
import { type DataDir, openDataDir } from './data-dir.js';
import { readGiven } from './given.js';
import { Interrupted, type Interrupts, aborted, listenForInterrupts } from './interrupts.js';
import { LaunchError } from './launch-error.js';
import { runProduction } from './production.js';
import { Started } from './started.js';
import { Steps } from './steps.js';
import { welcomeText } from './welcome.js';

/**
 * What `npm start` comes to once the build is there: starts what the
 * environment does not give, then the app, and stops all of it again.
 * Ends the process: 0 after an orderly stop, 1 after a failure, 130 when
 * interrupted before it was ready.
 */
export async function main(root: string): Promise<never> {
  // A closed terminal must not end us before the servers are stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const interrupts = listenForInterrupts(() => print('正在立即停止… · hurrying'));
  try {
    const given = readGiven(process.env);
    process.exit(given.production ? await runProduction(root, process.env, interrupts) : await runEmbedded(root, given, interrupts));
  } catch (error) {
    process.exit(report(error));
  }
}

async function runEmbedded(root: string, given: ReturnType<typeof readGiven>, interrupts: Interrupts): Promise<number> {
  const started = new Started(print);
  const over = new AbortController();
  let ready = false;
  let stopping = false;
  let failure: { name: string; lines: readonly string[] } | undefined;
  const onEnd = (name: string, lines: readonly string[]): void => {
    if (stopping || failure) return;
    failure = { name, lines };
    over.abort(new LaunchError(`${name} 意外退出。`, `${name} ended by itself.`, lines));
  };
  const signal = AbortSignal.any([interrupts.stop, over.signal]);
  let dataDir: DataDir | undefined;
  try {
    dataDir = openDataDir(process.env['DATA_DIR'] || join(root, '.data'));
    const facts = await bringUp({ root, env: process.env, given, dataDir, steps: new Steps(print), started, signal, onEnd });
    ready = true;
    for (const line of welcomeText(facts)) print(line);
    facts.admin?.shown();
    await aborted(signal);
    return failure ? report(over.signal.reason) : 0;
  } catch (error) {
    const cause: unknown = failure ? over.signal.reason : error;
    return interrupts.stop.aborted && !failure ? 130 : report(cause);
  } finally {
    stopping = true;
    if (interrupts.stop.aborted) print(ready ? '正在停止… · stopping (Ctrl-C again hurries)' : '已取消启动 · the start was interrupted');
    await started.stopAll(interrupts.hurry);
    dataDir?.release();
  }
}

/** Prints why it failed and gives the exit code. */
function report(error: unknown): number {
  if (error instanceof Interrupted) return 130;
  print('');
  if (error instanceof LaunchError) {
    print(error.zh);
    print(error.en);
    for (const line of error.details) print(`    ${line}`);
  } else if (isFileError(error)) {
    print(`无法使用 ${error.path}（${error.code}）：请检查权限和磁盘空间。`);
    print(`${error.path} cannot be used (${error.code}): check its permissions and the space on the disk.`);
  } else {
    print(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  print('');
  return 1;
}

/** What a user can mend: a file's permissions, a full disk. */
function isFileError(error: unknown): error is NodeJS.ErrnoException & { path: string } {
  if (!(error instanceof Error)) return false;
  const { code, path } = error as NodeJS.ErrnoException;
  return typeof path === 'string' && ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT'].includes(code ?? '');
}

function print(line: string): void {
  console.log(line);
}
