import type { Logger, Metrics } from '../../platform/telemetry/index.js';
import { UpstreamFailure } from '../stream/failure.js';
import type { UpstreamRequest } from '../stream/request.js';
import type { AnswerChannel, AnswerPart } from './engine/answer-channel.js';
import type { EngineChild } from './engine/engine-child.process.js';
import { EngineLife, type EngineState } from './engine/engine-life.process.js';
import type { EnginePackage } from './engine/engine-package.locator.js';
import { SequenceSlots } from './engine/sequence-slots.js';

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

/** How a model is doing. */
export interface LocalModelState extends EngineState {
  /** Sequences in use. */
  readonly answering: number;
  /** Requests that wait for one. */
  readonly queued: number;
}

/** An answer under way. */
export interface LocalAnswer {
  /** @throws the signal's reason */
  next(signal: AbortSignal): Promise<AnswerPart>;
  /** Ends it if it has not ended, and gives its place to the next request once the engine has let go of it. */
  close(): void;
}

const CANCEL_MS = 30_000;

/** Serves one GGUF file: requests beyond its sequences wait in turn, and beyond that are refused. */
export class LocalEngine {
  private readonly slots: SequenceSlots;
  private readonly life: EngineLife;
  private lastId = 0;

  constructor(
    private readonly path: string,
    private readonly options: LocalModelOptions,
    engine: EnginePackage,
    private readonly logger: Logger,
    private readonly metrics: Pick<Metrics, 'localAnswers' | 'localQueued' | 'localProcessEnds'>,
  ) {
    const { sequences, queue, queueMs, contextTokens, threads, loadMs } = options;
    this.slots = new SequenceSlots(sequences, queue, queueMs);
    this.life = new EngineLife({ path, sequences, contextTokens, threads }, loadMs, engine, logger, metrics);
  }

  get state(): LocalModelState {
    return { ...this.life.state, answering: this.slots.inUse, queued: this.slots.queued };
  }

  /**
   * Starts an answer, after the model is loaded and a sequence is free.
   * @throws UpstreamFailure `connect` when the engine can't serve now, `rate_limited` when there is no room; the signal's reason.
   */
  async open(request: UpstreamRequest, signal: AbortSignal): Promise<LocalAnswer> {
    const release = await this.place(signal);
    try {
      const child = await abortable(this.life.running(), signal);
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
    this.slots.refuseWaiting(new UpstreamFailure('connect'));
    await this.life.close();
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
        if (part.end?.type === 'done') this.life.workedWell();
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
