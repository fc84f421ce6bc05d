import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Counters } from './counters.js';
import type { Ending } from './keys/arrival-log.js';

/** A stalled answer is ended after this time even if the client never leaves. */
const LONGEST_HANG_MS = 10 * 60_000;

/** One request and its answer: counts how it ended, and lets the producer stop at once when the client leaves. */
export class Exchange {
  readonly id: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly #counters: Counters;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #streaming = false;
  #brokenByUs = false;
  #tokens = 0;
  #gone = false;
  #onEnd: ((how: Ending, produced: number) => void) | undefined;

  constructor(id: string, request: IncomingMessage, response: ServerResponse, counters: Counters) {
    this.id = id;
    this.request = request;
    this.response = response;
    this.#counters = counters;
    counters.add('started', 1);
    counters.add('openRequests', 1);
    response.once('close', () => this.#close());
    // Writing to a client that has just left is no error here; `close` follows and counts it.
    response.on('error', () => undefined);
  }

  /** Its Bearer token; empty without one. */
  get key(): string {
    return /^Bearer +(.*)$/iu.exec(this.request.headers.authorization ?? '')?.[1] ?? '';
  }

  /** What the request's tokens are counted under. */
  tag: string | undefined;

  /** True once the client has left or the connection was destroyed. */
  get gone(): boolean {
    return this.#gone;
  }

  get tokens(): number {
    return this.#tokens;
  }

  countTokens(produced: number): void {
    this.#tokens += produced;
    this.#counters.add('tokens', produced);
  }

  beginStream(): void {
    this.#streaming = true;
    this.#counters.add('openStreams', 1);
  }

  /** Calls `listener` once the answer is over, with the tokens that it produced. */
  onEnd(listener: (how: Ending, produced: number) => void): void {
    if (this.#gone) listener('aborted', this.#tokens);
    else this.#onEnd = listener;
  }

  /** Runs `work` after `ms`; only one timer at a time, cleared when the client leaves. */
  after(ms: number, work: () => void): void {
    if (this.#gone) return;
    if (ms <= 0) work();
    else this.#timer = setTimeout(work, ms);
  }

  /** Says nothing more until the client leaves, ten minutes at most. */
  hang(): void {
    this.after(LONGEST_HANG_MS, () => this.breakConnection());
  }

  /** Marks the coming end of the connection as ours, so that it does not count as the client's. */
  expectBreak(): void {
    this.#brokenByUs = true;
  }

  /** Resets the TCP connection. */
  breakConnection(): void {
    this.expectBreak();
    if (this.response.socket) this.response.socket.resetAndDestroy();
    else this.response.destroy();
  }

  #close(): void {
    this.#gone = true;
    clearTimeout(this.#timer);
    const how = this.#brokenByUs ? 'broken' : this.response.writableFinished ? 'finished' : 'aborted';
    // First, so that whoever waits for the counters finds the limits up to date.
    this.#onEnd?.(how, this.#tokens);
    if (this.#tokens > 0) this.#counters.logTokens(this.id, this.#tokens, this.tag);
    if (this.#streaming) this.#counters.add('openStreams', -1);
    this.#counters.add('openRequests', -1);
    if (how === 'aborted') this.#counters.logAbort({ id: this.id, at: new Date().toISOString(), afterMs: Math.round(performance.now() - this.#startedAt), tokens: this.#tokens });
    this.#counters.add(how, 1);
  }
}
