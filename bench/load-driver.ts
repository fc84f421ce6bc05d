import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { LoadNews, LoadPlan, LoadResult } from './load/plan.js';

/** Time beyond the plan's own bounds after which the load generator itself is taken for broken, milliseconds. */
const PATIENCE_MS = 30_000;

/** Our end of the load generator. */
export class LoadDriver {
  private constructor(private readonly child: ChildProcess) {}

  static start(root: string): LoadDriver {
    return new LoadDriver(fork(join(root, 'dist', 'bench', 'load', 'load.js'), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] }));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Runs a plan. `onAllOpen` is called when every slot has had its first words. Throws when the generator ends, hangs, or `signal` is aborted. */
  async run(plan: LoadPlan, signal: AbortSignal, onAllOpen?: () => void): Promise<LoadResult> {
    const longestMs = plan.rampMs + (plan.seconds ?? 0) * 1000 + (plan.turns ?? 1) * plan.answerTimeoutMs + PATIENCE_MS;
    const bound = AbortSignal.any([signal, AbortSignal.timeout(longestMs)]);
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        this.child.off('message', onNews);
        this.child.off('exit', onExit);
        bound.removeEventListener('abort', onAbort);
        act();
      };
      const onNews = (news: LoadNews): void => {
        if (news.kind === 'all-open') onAllOpen?.();
        else settle(() => resolve(news.result));
      };
      const onExit = (): void => settle(() => reject(new Error('the load generator ended')));
      const onAbort = (): void => settle(() => reject(signal.aborted ? asError(signal.reason) : new Error('the load generator did not come to an end')));
      this.child.on('message', onNews);
      this.child.once('exit', onExit);
      bound.addEventListener('abort', onAbort, { once: true });
      this.child.send(plan);
    });
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
