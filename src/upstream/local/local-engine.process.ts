import type { Logger, Metrics } from '../../platform/telemetry/index.js';
import { UpstreamFailure } from '../stream/failure.js';
import type { UpstreamRequest } from '../stream/request.js';
import type { AnswerPart, AnswerChannel } from './engine/answer-channel.js';
import { EngineChild, LoadRefused, type ChildEnd } from './engine/engine-child.process.js';
import type { EnginePackage } from './engine/engine-package.locator.js';
import { restartDelay } from './engine/restart-delay.js';
import { SequenceSlots } from './engine/sequence-slots.js';
import { GgufError } from './gguf/gguf-error.js';
import { readCheckedHeader } from './gguf/header.reader.js';

/** How a model is served. */
export interface LocalModelOptions {
  /** Answers at once. */
  readonly sequences: number;
  /** Requests that may wait for one of them. */
  readonly queue: number;
  /** How long one may wait. */
  readonly queueMs: number;
  /** Most tokens of prompt and answer together. */
  readonly contextTokens: number;
  readonly threads: number;
  /** How long the model may take to load. */
  readonly loadMs: number;
  /** A cancelled answer that goes on for longer than this means that the process is stuck: it is killed. 30 s where unset. */
  readonly cancelMs?: number;
}

/** `unavailable`: not installed, no good file, or waiting for its next start; `reason` says which. */
export interface LocalModelState {
  readonly state: 'idle' | 'loading' | 'ready' | 'unavailable';
  readonly reason?: string;
  /** Of the engine's process, while there is one. */
  readonly pid?: number;
  readonly answering: number;
  readonly queued: number;
}

/** An answer under way. */
export interface LocalAnswer {
  /** @throws the signal's reason */
  next(signal: AbortSignal): Promise<AnswerPart>;
  /** Ends it if it has not ended, and gives its place to the next request once the engine has let go of it. */
  close(): void;
}

/** A missing engine or a bad file is not mended within the retries of one answer. */
const HOPELESS_RETRY_MS = 60_000;
const CANCEL_MS = 30_000;
/** A bad file is not read again for every request. */
const BAD_FILE_MS = 5_000;

/**
 * Serves one GGUF file from a process of its own: started by the first request, watched, and after a crash started again with
 * growing patience. Requests beyond its sequences wait in turn, and beyond that are refused.
 */
export class LocalEngine {
  private readonly slots: SequenceSlots;
  private starting: Promise<EngineChild> | undefined;
  private child: EngineChild | undefined;
  private ready = false;
  private failures = 0;
  private retryAt = 0;
  private trouble: string | undefined;
  private restart: NodeJS.Timeout | undefined;
  private closed = false;
  private lastId = 0;

  constructor(
    private readonly path: string,
    private readonly options: LocalModelOptions,
    private readonly engine: EnginePackage,
    private readonly logger: Logger,
    private readonly metrics: Pick<Metrics, 'localAnswers' | 'localQueued' | 'localProcessEnds'>,
  ) {
    this.slots = new SequenceSlots(options.sequences, options.queue, options.queueMs);
  }

  get state(): LocalModelState {
    const state = this.ready ? 'ready' : this.starting !== undefined ? 'loading' : this.trouble !== undefined || !this.engine.installed ? 'unavailable' : 'idle';
    const reason = state !== 'unavailable' ? undefined : (this.trouble ?? NOT_INSTALLED);
    return { state, ...(reason === undefined ? {} : { reason }), ...(this.child?.pid === undefined ? {} : { pid: this.child.pid }), answering: this.slots.inUse, queued: this.slots.queued };
  }

  /**
   * Starts an answer, after the model is loaded and a sequence is free.
   * @throws UpstreamFailure `connect` when the engine can't serve now, `rate_limited` when there is no room; the signal's reason.
   */
  async open(request: UpstreamRequest, signal: AbortSignal): Promise<LocalAnswer> {
    const release = await this.place(signal);
    try {
      const child = await abortable(this.running(), signal);
      const id = ++this.lastId;
      const channel = child.generate({ id, messages: request.messages, maxTokens: request.maxTokens, sampling: request.sampling });
      return this.answer(id, child, channel, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Ends the process; requests from now on are refused. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.restart);
    this.slots.refuseWaiting(unavailable('the platform is stopping', HOPELESS_RETRY_MS));
    await this.child?.stop();
  }

  private async place(signal: AbortSignal): Promise<() => void> {
    this.metrics.localQueued.inc();
    const release = await this.slots.acquire(signal).finally(() => this.metrics.localQueued.dec());
    this.metrics.localAnswers.inc();
    return () => {
      this.metrics.localAnswers.dec();
      release();
    };
  }

  private answer(id: number, child: EngineChild, channel: AnswerChannel, release: () => void): LocalAnswer {
    let closed = false;
    return {
      next: async (signal) => {
        const part = await channel.next(signal);
        if (part.end?.type === 'done') this.failures = 0;
        return part;
      },
      close: () => {
        if (closed) return;
        closed = true;
        if (channel.ended) release();
        else void this.cancel(id, child, channel).finally(release);
      },
    };
  }

  private async cancel(id: number, child: EngineChild, channel: AnswerChannel): Promise<void> {
    child.cancel(id);
    const stuck = setTimeout(() => {
      this.logger.warn({ model: this.path, pid: child.pid }, 'the engine does not let go of a cancelled answer: killed');
      child.kill();
    }, this.options.cancelMs ?? CANCEL_MS);
    await channel.whenEnded;
    clearTimeout(stuck);
  }

  private running(): Promise<EngineChild> {
    if (this.starting !== undefined) return this.starting;
    const starting = this.start();
    this.starting = starting;
    starting.catch(() => {
      if (this.starting === starting) this.starting = undefined;
    });
    return starting;
  }

  private async start(): Promise<EngineChild> {
    if (this.closed) throw unavailable('the platform is stopping', HOPELESS_RETRY_MS);
    if (!this.engine.installed) throw unavailable(NOT_INSTALLED, HOPELESS_RETRY_MS);
    const wait = this.retryAt - performance.now();
    if (wait > 0) throw unavailable(this.trouble ?? 'waiting for the next start', Math.ceil(wait));
    await readCheckedHeader(this.path).catch((error: unknown) => {
      throw this.givenUp(error instanceof GgufError ? error.message : "the file can't be read", BAD_FILE_MS);
    });
    if (this.closed) throw unavailable('the platform is stopping', HOPELESS_RETRY_MS);
    return this.fork();
  }

  private async fork(): Promise<EngineChild> {
    const child = new EngineChild(this.engine.script);
    this.child = child;
    void child.ended.then((end) => this.ended(child, end));
    const { sequences, contextTokens, threads, loadMs } = this.options;
    const started = performance.now();
    try {
      const tokens = await child.load({ path: this.path, sequences, contextTokens, threads }, loadMs);
      this.ready = true;
      this.trouble = undefined;
      this.logger.info({ model: this.path, pid: child.pid, contextTokens: tokens, ms: Math.round(performance.now() - started) }, 'local model loaded');
      return child;
    } catch (error) {
      child.kill();
      // `ended` sees to everything else, and may have done so.
      await child.ended;
      const reason = error instanceof Error ? error.message : String(error);
      this.trouble = reason;
      this.logger.warn({ model: this.path, reason: reason.slice(0, 500) }, 'local model not loaded');
      throw unavailable(reason, error instanceof LoadRefused ? HOPELESS_RETRY_MS : Math.max(0, this.retryAt - performance.now()));
    }
  }

  /** The process is gone: answers under way were told by their channels; the next start waits. */
  private ended(child: EngineChild, { code, signal, lastWords }: ChildEnd): void {
    const served = this.ready;
    this.ready = false;
    this.starting = undefined;
    if (this.child === child) this.child = undefined;
    if (this.closed) return;
    this.failures += 1;
    this.metrics.localProcessEnds.inc();
    const delayMs = restartDelay(this.failures);
    this.retryAt = performance.now() + delayMs;
    this.trouble = `the engine's process ended (${signal ?? `exit code ${String(code)}`})`;
    this.logger.warn({ model: this.path, pid: child.pid, signal, exit: code, failures: this.failures, delayMs, lastWords: lastWords.slice(-500) }, 'local model: process ended');
    // One that had served is brought back before it is asked for; one that never loaded waits for a request.
    if (served) this.restart = setTimeout(() => void this.running().catch(() => undefined), delayMs + 1).unref();
  }

  private givenUp(reason: string, forMs: number): UpstreamFailure {
    if (this.trouble !== reason) this.logger.warn({ model: this.path, reason }, 'local model can not be served');
    this.trouble = reason;
    this.retryAt = performance.now() + forMs;
    return unavailable(reason, HOPELESS_RETRY_MS);
  }
}

const NOT_INSTALLED = 'the engine is not installed: npm run model:engine';

/** The reason stays inside, for the log. */
function unavailable(reason: string, retryAfterMs: number): UpstreamFailure {
  return new UpstreamFailure('connect', undefined, retryAfterMs, new Error(reason));
}

/** The work goes on when one who waits for it leaves: others may wait for it too. */
async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let leave = (): void => undefined;
  const left = new Promise<never>((_, reject) => (leave = () => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted', { cause: signal.reason }))));
  signal.addEventListener('abort', leave, { once: true });
  try {
    return await Promise.race([work, left]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
