import { UpstreamFailure } from './failure.js';

/** With noise alone an upstream may take so many times as long as without. */
const NOISE_FACTOR = 3;

/** A dead man's switch on an upstream call: aborts it when the next sign of life comes too late. One timer, moved on by each sign. */
export class Watchdog {
  private timer: NodeJS.Timeout;
  private ms = 0;
  private aliveAt = performance.now();
  private spokeAt = this.aliveAt;
  private readonly controller = new AbortController();
  readonly signal: AbortSignal;

  constructor(firstMs: number, outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.controller.signal]);
    this.timer = this.arm(firstMs);
  }

  /** A sign of life came; the next is due within `ms`. */
  alive(ms: number): void {
    this.aliveAt = this.spokeAt = performance.now();
    this.move(ms);
  }

  /** A sign of life came that is none of the answer's words; the next is due within `ms`, and one that is within `mostMs` since the last. */
  thinking(ms: number, mostMs: number): void {
    this.aliveAt = performance.now();
    this.move(Math.max(0, Math.min(ms, this.spokeAt + mostMs - this.aliveAt)));
  }

  /** Noise came, as keep-alive comments are: something is due within `ms`, and a sign of life within three times that since the last one. */
  heard(ms: number): void {
    this.move(Math.max(0, Math.min(ms, this.aliveAt + ms * NOISE_FACTOR - performance.now())));
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Whether it was this switch, not the caller, that aborted. */
  get fired(): boolean {
    return this.controller.signal.aborted;
  }

  private move(ms: number): void {
    if (ms === this.ms) {
      this.timer.refresh();
      return;
    }
    clearTimeout(this.timer);
    this.timer = this.arm(ms);
  }

  private arm(ms: number): NodeJS.Timeout {
    this.ms = ms;
    return setTimeout(() => this.controller.abort(new UpstreamFailure('timeout')), ms);
  }
}
