import { type ChildProcess, spawn } from 'node:child_process';
import { LogFile } from './log-file.js';
import { LineCutter } from './log-line.js';
import { endProcess } from './running.js';

export interface ChildOptions {
  /** Compiled script. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** Called for each line that it prints. */
  readonly onLine?: (line: string, from: 'stdout' | 'stderr') => void;
}

const KEPT_LINES = 12;

/**
 * A Node process of ours, in a session of its own: Ctrl-C in the terminal
 * reaches only the launcher, which stops its children in order. The IPC
 * channel tells the child when the launcher was killed ('disconnect').
 */
export class Child {
  readonly pid: number;
  /** Settles with a short text on how it ended. */
  readonly ended: Promise<string>;
  private readonly recent: string[] = [];
  private running = true;

  private constructor(child: ChildProcess, options: ChildOptions) {
    this.pid = child.pid ?? 0;
    const log = new LogFile(options.logFile);
    const listen = (from: 'stdout' | 'stderr'): void => {
      const cutter = new LineCutter();
      const pass = (lines: readonly string[]): void => {
        for (const line of lines) {
          this.recent.push(line.slice(0, 500));
          if (this.recent.length > KEPT_LINES) this.recent.shift();
          options.onLine?.(line, from);
        }
      };
      child[from]?.on('data', (chunk: Buffer) => {
        log.write(chunk);
        pass(cutter.push(chunk));
      });
      child[from]?.once('end', () => pass(cutter.end()));
    };
    listen('stdout');
    listen('stderr');
    this.ended = new Promise((resolve) => {
      let how = '';
      child.once('exit', (code, signal) => {
        this.running = false;
        how = signal ?? `exit ${code}`;
      });
      // 'close' comes when the output, too, has been read to its end.
      child.once('close', () => {
        log.close();
        resolve(how);
      });
      child.once('error', (error) => {
        this.running = false;
        resolve(error.message);
      });
    });
  }

  static start(options: ChildOptions): Child {
    const child = spawn(process.execPath, ['--enable-source-maps', options.script, ...(options.args ?? [])], {
      cwd: options.cwd, env: options.env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    return new Child(child, options);
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Its last lines, oldest first. */
  get lastLines(): readonly string[] {
    return this.recent;
  }

  /** SIGTERM, then SIGKILL after `patienceMs` or as soon as `hurry` is aborted. */
  async stop(patienceMs: number, hurry?: AbortSignal): Promise<void> {
    if (!this.running || this.pid === 0) return;
    const kill = (): void => {
      if (this.running) process.kill(this.pid, 'SIGKILL');
    };
    hurry?.addEventListener('abort', kill, { once: true });
    try {
      await endProcess(this.pid, [{ signal: hurry?.aborted ? 'SIGKILL' : 'SIGTERM', patienceMs }, { signal: 'SIGKILL', patienceMs: 5_000 }]);
      await this.ended;
    } finally {
      hurry?.removeEventListener('abort', kill);
    }
  }
}
