import { join } from 'node:path';
import { Child } from './child.js';
import { LaunchError } from './launch-error.js';
import { until } from './wait.js';

export interface Simulators {
  readonly child: Child;
  /** Base URL of the OpenAI simulator, ending in /v1. */
  readonly openai: string;
  readonly wechat: string;
  readonly wechatpay: string;
}

type Urls = Omit<Simulators, 'child'>;

const START_MS = 30_000;

/** Starts the simulators in a process of their own and waits for the line with their addresses. Throws LaunchError. */
export async function startSimulators(options: { readonly root: string; readonly logs: string; /** Keeps the simulated payments over a restart; unset forgets them. */ readonly dataDir?: string; readonly signal: AbortSignal; readonly noted: (pid: number) => void }): Promise<Simulators> {
  let urls: Urls | undefined;
  const child = Child.start({
    script: join(options.root, 'dist', 'simulators', 'main.js'),
    cwd: options.root,
    // Orders that were paid in the demo stay paid over a restart.
    env: { PATH: process.env['PATH'], NODE_ENV: process.env['NODE_ENV'], ...(options.dataDir === undefined ? {} : { WECHATPAY_SIMULATOR_STATE: join(options.dataDir, 'wechatpay-simulator.jsonl') }) },
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

/** The line `{"openai":url,"wechat":url,"wechatpay":url}` by which the simulators say that they listen. */
export function parseUrls(line: string): Urls | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { openai, wechat, wechatpay } = JSON.parse(line) as Record<string, unknown>;
    return typeof openai === 'string' && typeof wechat === 'string' && typeof wechatpay === 'string' ? { openai, wechat, wechatpay } : undefined;
  } catch {
    return undefined;
  }
}
