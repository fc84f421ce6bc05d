import { join } from 'node:path';
import { Child } from './child.js';
import type { Env } from './given.js';
import { askJson } from './json-client.js';
import { LaunchError } from './launch-error.js';
import { shorten } from './log-line.js';
import { until } from './wait.js';

const READY_MS = 60_000;

export interface AppOptions {
  readonly root: string;
  readonly logs: string;
  readonly env: Env;
  /** Where the app is asked whether it is ready. */
  readonly url: string;
  readonly signal: AbortSignal;
  readonly noted: (pid: number) => void;
  /** Warnings and worse, shortened. */
  readonly warn: (line: string) => void;
}

/** Starts the app and waits until it says that it is ready. Throws LaunchError with its last words when it ends or takes too long. */
export async function startApp(options: AppOptions): Promise<Child> {
  const logFile = join(options.logs, 'app.log');
  const child = Child.start({
    script: join(options.root, 'dist', 'src', 'main.js'),
    cwd: options.root, env: options.env, logFile,
    onLine: (line) => {
      const short = shorten(line);
      if (short !== undefined) options.warn(short);
    },
  });
  options.noted(child.pid);
  try {
    const outcome = await until(async () => {
      if (!child.isRunning) return 'ended';
      return (await isReady(options.url, options.signal)) ? 'ready' : undefined;
    }, { timeoutMs: READY_MS, everyMs: 50, signal: options.signal });
    if (outcome === 'ready') return child;
    if (outcome === 'ended') await child.ended;
    throw new LaunchError(
      outcome === 'ended' ? `百聊启动失败，详见 ${logFile}。` : `百聊在 ${READY_MS / 1000} 秒内没有就绪，详见 ${logFile}。`,
      outcome === 'ended' ? `Bailiao did not start; see ${logFile}.` : `Bailiao was not ready within ${READY_MS / 1000} s; see ${logFile}.`,
      child.lastLines.slice(-6),
    );
  } catch (error) {
    await child.stop(5_000);
    throw error;
  }
}

async function isReady(url: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await askJson(`${url}/readyz`, { timeoutMs: 2_000, signal })).status === 200;
  } catch {
    return false;
  }
}
