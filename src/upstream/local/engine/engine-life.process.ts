import type { Logger, Metrics } from '../../../platform/telemetry/index.js';
import { UpstreamFailure } from '../../stream/failure.js';
import { GgufError } from '../gguf/gguf-error.js';
import { readCheckedHeader } from '../gguf/header.reader.js';
import { EngineChild, LoadRefused, type ChildEnd } from './engine-child.process.js';
import type { EnginePackage } from './engine-package.locator.js';
import type { LoadCommand } from './messages.js';
import { restartDelay } from './restart-delay.js';

/** `unavailable`: not installed, no good file, or waiting for its next start; `reason` says which. */
export interface EngineState {
  readonly state: 'idle' | 'loading' | 'ready' | 'unavailable';
  readonly reason?: string;
  /** Of the engine's process, while there is one. */
  readonly pid?: number;
}

/** A missing engine or a bad file is not mended within the retries of one answer. */
const HOPELESS_RETRY_MS = 60_000;
/** A bad file is not read again for every request. */
const BAD_FILE_MS = 5_000;
const NOT_INSTALLED = 'the engine is not installed: npm run model:engine';
const STOPPING = 'the platform is stopping';

/** Keeps one process with one model alive: started when it is first wanted, and after a crash again, with growing patience. */
export class EngineLife {
  private starting: Promise<EngineChild> | undefined;
  private child: EngineChild | undefined;
  private ready = false;
  private failures = 0;
  private retryAt = 0;
  private trouble: string | undefined;
  private restart: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly load: Omit<LoadCommand, 'type'>,
    private readonly loadMs: number,
    private readonly engine: EnginePackage,
    private readonly logger: Logger,
    private readonly metrics: Pick<Metrics, 'localProcessEnds'>,
  ) {}

  get state(): EngineState {
    const pid = this.child?.pid === undefined ? {} : { pid: this.child.pid };
    if (this.ready) return { state: 'ready', ...pid };
    if (this.starting !== undefined) return { state: 'loading', ...pid };
    if (this.trouble !== undefined) return { state: 'unavailable', reason: this.trouble };
    return this.engine.installed ? { state: 'idle' } : { state: 'unavailable', reason: NOT_INSTALLED };
  }

  /**
   * The process, with its model loaded; the same start for all who ask meanwhile.
   * @throws UpstreamFailure `connect`, with the time until it may be there and the reason as its cause.
   */
  running(): Promise<EngineChild> {
    if (this.starting !== undefined) return this.starting;
    const starting = this.start();
    this.starting = starting;
    starting.catch(() => {
      if (this.starting === starting) this.starting = undefined;
    });
    return starting;
  }

  /** An answer came to its end: earlier crashes are forgiven. */
  workedWell(): void {
    this.failures = 0;
  }

  /** Ends the process; none is started from now on. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.restart);
    await this.child?.stop();
  }

  private async start(): Promise<EngineChild> {
    if (this.closed) throw unavailable(STOPPING, HOPELESS_RETRY_MS);
    if (!this.engine.installed) throw unavailable(NOT_INSTALLED, HOPELESS_RETRY_MS);
    const wait = this.retryAt - performance.now();
    if (wait > 0) throw unavailable(this.trouble ?? 'waiting for the next start', Math.ceil(wait));
    await readCheckedHeader(this.load.path).catch((error: unknown) => {
      throw this.badFile(error instanceof GgufError ? error.message : "the file can't be read");
    });
    if (this.closed) throw unavailable(STOPPING, HOPELESS_RETRY_MS);
    return this.fork();
  }

  private async fork(): Promise<EngineChild> {
    const child = new EngineChild(this.engine.script);
    this.child = child;
    void child.ended.then((end) => this.ended(child, end));
    const started = performance.now();
    try {
      const contextTokens = await child.load(this.load, this.loadMs);
      this.ready = true;
      this.trouble = undefined;
      this.logger.info({ model: this.load.path, pid: child.pid, contextTokens, ms: Math.round(performance.now() - started) }, 'local model loaded');
      return child;
    } catch (error) {
      child.kill();
      // What follows from its end, the wait for the next start above all, is seen to first.
      await child.ended;
      const reason = error instanceof Error ? error.message : String(error);
      this.trouble = reason;
      this.logger.warn({ model: this.load.path, reason: reason.slice(0, 500) }, 'local model not loaded');
      throw unavailable(reason, error instanceof LoadRefused ? HOPELESS_RETRY_MS : Math.max(0, Math.ceil(this.retryAt - performance.now())));
    }
  }

  /** The process is gone: answers under way were told by their channels; the next start waits. */
  private ended(child: EngineChild, { code, signal, lastWords }: ChildEnd): void {
    const served = this.ready;
    this.ready = false;
    this.starting = undefined;
    this.child = undefined;
    if (this.closed) return;
    this.failures += 1;
    this.metrics.localProcessEnds.inc();
    const delayMs = restartDelay(this.failures);
    this.retryAt = performance.now() + delayMs;
    this.trouble = `the engine's process ended (${signal ?? `exit code ${String(code)}`})`;
    this.logger.warn({ model: this.load.path, pid: child.pid, signal, exit: code, failures: this.failures, delayMs, lastWords: lastWords.slice(-500) }, 'local model: process ended');
    // One that had served is brought back before it is asked for; one that never loaded waits for a request.
    if (served) this.restart = setTimeout(() => void this.running().catch(() => undefined), delayMs + 1).unref();
  }

  private badFile(reason: string): UpstreamFailure {
    if (this.trouble !== reason) this.logger.warn({ model: this.load.path, reason }, 'local model can not be served');
    this.trouble = reason;
    this.retryAt = performance.now() + BAD_FILE_MS;
    return unavailable(reason, HOPELESS_RETRY_MS);
  }
}

/** The reason stays inside, for the log. */
function unavailable(reason: string, retryAfterMs: number): UpstreamFailure {
  return new UpstreamFailure('connect', undefined, retryAfterMs, new Error(reason));
}
