import { join } from 'node:path';
import { Child } from './child.js';
import { LaunchError } from './launch-error.js';
import { until } from './wait.js';

export interface Simulators {
  readonly child: Child;
  /** Base URL of the OpenAI simulator, ending in /v1. */
  readonly openai: string;
  readonly wechat: string;
}

const START_MS = 30_000;

/** Starts the simulators in a process of their own and waits for the line with their addresses. Throws LaunchError. */
export async function startSimulators(options: { readonly root: string; readonly logs: string; readonly signal: AbortSignal; readonly noted: (pid: number) => void }): Promise<Simulators> {
  let urls: { openai: string; wechat: string } | undefined;
  const child = Child.start({
    script: join(options.root, 'dist', 'simulators', 'main.js'),
    cwd: options.root,
    env: { PATH: process.env['PATH'], NODE_ENV: process.env['NODE_ENV'] },
    logFile: join(options.logs, 'simulators.log'),
    onLine: (line) => {
      urls ??= parseUrls(line);
    },
  });
  options.noted(child.pid);
  try {
    const outcome = await until(() => (child.isRunning ? urls : 'ended'), { timeoutMs: START_MS, signal: options.signal });
    if (outcome !== undefined && outcome !== 'ended') return { child, ...outcome };
    throw new LaunchError('模拟器启动失败。', 'The simulators did not start.', child.lastLines.slice(-5));
  } catch (error) {
    await child.stop(2_000);
    throw error;
  }
}

/** The line `{"openai":url,"wechat":url}` by which the simulators say that they listen. */
export function parseUrls(line: string): { openai: string; wechat: string } | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { openai, wechat } = JSON.parse(line) as { openai?: unknown; wechat?: unknown };
    return typeof openai === 'string' && typeof wechat === 'string' ? { openai, wechat } : undefined;
  } catch {
    return undefined;
  }
}
