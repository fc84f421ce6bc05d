import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { type Account, SERVER_ENVIRONMENT } from './account.js';
import { endProcess } from './running.js';

/** A server that runs and can be stopped. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  readonly version: string;
  readonly pid: number;
  /** Settles when the server has ended, by itself or by `stop`. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface ServerCommand {
  readonly account: Account;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
}

const LOG_BYTES = 4 * 1024 * 1024;

/** A child with a session of its own, so that Ctrl-C in the terminal does not reach it before the app is drained. */
export class ServerProcess {
  readonly pid: number;
  readonly ended: Promise<void>;
  private running = true;

  private constructor(child: ChildProcess, readonly logFile: string) {
    this.pid = child.pid ?? 0;
    this.ended = new Promise((resolve) => {
      const end = (): void => {
        this.running = false;
        resolve();
      };
      child.once('exit', end);
      child.once('error', end);
    });
  }

  /** Starts it; its output goes to the log file, of which one former part is kept. */
  static start(server: ServerCommand): ServerProcess {
    rotate(server.logFile);
    const log = openSync(server.logFile, 'a', 0o600);
    try {
      const [command = server.command, ...args] = [...server.account.prefix, server.command, ...server.args];
      const child = spawn(command, args, {
        cwd: '/', detached: true, stdio: ['ignore', log, log], env: { ...SERVER_ENVIRONMENT, ...server.env }, ...server.account.spawnAs,
      });
      return new ServerProcess(child, server.logFile);
    } finally {
      closeSync(log);
    }
  }

  get isRunning(): boolean {
    return this.running;
  }

  /** Ends it by these signals in turn, each with its patience in milliseconds. */
  async end(steps: Parameters<typeof endProcess>[1]): Promise<void> {
    if (!this.running || this.pid === 0) return;
    await endProcess(this.pid, steps);
    await this.ended;
  }
}

/** The last lines of a log, for an error that must say why. */
export function lastLines(logFile: string, count = 5): string[] {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count);
  } catch {
    return [];
  }
}

/** Keeps a log bounded: past its size it becomes `.1`, and the former `.1` goes. */
export function rotate(logFile: string, bytes = LOG_BYTES): boolean {
  try {
    if (statSync(logFile).size < bytes) return false;
    rmSync(`${logFile}.1`, { force: true });
    renameSync(logFile, `${logFile}.1`);
    return true;
  } catch {
    return false;
  }
}
