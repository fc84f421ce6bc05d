import type { ServerResponse } from 'node:http';
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CONFIG, type Config } from '../../platform/config/index.js';
import { asDomainError } from '../../platform/errors/index.js';
import { LOGGER, Metrics, errorFields, type Logger } from '../../platform/telemetry/index.js';
import { delay } from '../../platform/values/index.js';
import { isTerminal, type StreamFrame } from '../stream/run-event.js';
import type { WireEncoder, WireFormat, WireSubject, WireWrite } from './wire.js';

/** What lies between a write that must stay apart and its neighbours: enough for the one before to leave, and to be read as a chunk of its own. */
const APART_MS = 40;
/** A client that takes nothing for this long is gone. */
const DRAIN_TIMEOUT_MS = 60_000;

/** How long after the grace a stream may take to tell its end. */
const LAST_WORDS_MS = 1_000;

/** A client's interest in a stream: ends when its connection closes, or when this process does. */
export interface Interest {
  readonly signal: AbortSignal;
  /** Whether it was the client that went, and not this process. */
  readonly left: boolean;
  end(): void;
}

/** Writes a run's frames to a client in its format. Bounded: a slow client is waited for, and catches up from the log. */
@Injectable()
export class ReplyService implements BeforeApplicationShutdown {
  private readonly open = new Set<AbortController>();

  constructor(private readonly metrics: Metrics, @Inject(LOGGER) private readonly logger: Logger, @Inject(CONFIG) private readonly config: Config) {}

  /** Watches the client's connection, from before anything is begun for it: one that closes meanwhile, or had closed before, is a client that left. */
  watch(reply: FastifyReply): Interest {
    const controller = new AbortController();
    this.open.add(controller);
    let left = false;
    const leave = (): void => {
      left = true;
      controller.abort(new Error('the client left'));
    };
    reply.raw.once('close', leave);
    // Its news came before anybody listened.
    if (reply.raw.destroyed) leave();
    return {
      signal: controller.signal,
      get left() {
        return left;
      },
      end: () => {
        this.open.delete(controller);
        reply.raw.off('close', leave);
      },
    };
  }

  /** Streams get the grace to end, and a moment more for the last words of a worker in this process; then they are cut, and their clients resume at another node. */
  async beforeApplicationShutdown(): Promise<void> {
    const deadline = performance.now() + this.config.shutdownGraceMs + LAST_WORDS_MS;
    while (this.open.size > 0 && performance.now() < deadline) await delay(50);
    for (const controller of this.open) controller.abort(new Error('this server is stopping'));
  }

  /**
   * Sends the head at once and then every frame. Nothing is thrown: from the head on, errors are frames.
   * @param frames batches; the generator is closed when the client leaves.
   */
  async stream(reply: FastifyReply, format: WireFormat, subject: WireSubject, frames: AsyncIterable<readonly StreamFrame[]>, interest: Interest): Promise<void> {
    const raw = reply.raw;
    reply.hijack();
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      'content-type': format.contentType,
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-run-id': subject.runId,
    });
    raw.flushHeaders();
    this.metrics.activeStreams.inc({ format: format.name });
    const encode = format.open(subject);
    try {
      for await (const batch of frames) {
        if (!(await this.send(raw, format, encode, batch, interest.signal))) break;
      }
    } catch (error) {
      this.logger.warn({ run: subject.runId, ...errorFields(error) }, 'a stream broke');
      const { code, definition } = asDomainError(error);
      await this.send(raw, format, encode, [{ type: 'broken', code, message: definition.text.zh }], interest.signal);
    } finally {
      this.metrics.activeStreams.dec({ format: format.name });
      interest.end();
      raw.end();
    }
  }

  /** @returns false when the client is gone. */
  private async send(raw: ServerResponse, format: WireFormat, encode: WireEncoder, batch: readonly StreamFrame[], signal: AbortSignal): Promise<boolean> {
    const writes = batch.flatMap((frame) => encode(frame));
    if (format.name !== 'wxapp') return this.write(raw, writes.map((write) => write.text).join(''), signal);
    for (const write of writes) {
      if (!(await this.sendOne(raw, write, signal))) return false;
    }
    return true;
  }

  private async sendOne(raw: ServerResponse, write: WireWrite, signal: AbortSignal): Promise<boolean> {
    if (write.apart) await delay(APART_MS, signal).catch(() => undefined);
    if (!(await this.write(raw, write.text, signal))) return false;
    if (write.apart) await delay(APART_MS, signal).catch(() => undefined);
    return !signal.aborted;
  }

  private async write(raw: ServerResponse, text: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted || raw.destroyed) return false;
    if (text === '' || raw.write(text)) return true;
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(DRAIN_TIMEOUT_MS)]);
    return new Promise((resolve) => {
      const drained = (): void => {
        timeout.removeEventListener('abort', left);
        resolve(true);
      };
      const left = (): void => {
        raw.off('drain', drained);
        raw.destroy();
        resolve(false);
      };
      raw.once('drain', drained);
      timeout.addEventListener('abort', left, { once: true });
    });
  }
}

/** The terminal event of a batch, if it has one. */
export function terminalIn(batch: readonly StreamFrame[]): Extract<StreamFrame, { type: 'done' | 'error' }> | undefined {
  for (const frame of batch) {
    if (frame.type === 'done' || frame.type === 'error') return isTerminal(frame) ? frame : undefined;
  }
  return undefined;
}
