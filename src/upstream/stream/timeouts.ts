import { UpstreamFailure } from './failure.js';

/** A dead man's switch on an upstream call: aborts it when the next sign of life comes too late. One timer, moved on by each sign. */
export class Watchdog {
  private timer: NodeJS.Timeout;
  private ms = 0;
  private readonly controller = new AbortController();
  readonly signal: AbortSignal;

  constructor(firstMs: number, outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.controller.signal]);
    this.timer = this.arm(firstMs);
  }

  /** A sign of life came; the next is due within `ms`. */
  alive(ms: number): void {
    if (ms === this.ms) {
      this.timer.refresh();
      return;
    }
    clearTimeout(this.timer);
    this.timer = this.arm(ms);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  /** Whether it was this switch, not the caller, that aborted. */
  get fired(): boolean {
    return this.controller.signal.aborted;
  }

  private arm(ms: number): NodeJS.Timeout {
    this.ms = ms;
    return setTimeout(() => this.controller.abort(new UpstreamFailure('timeout')), ms);
  }
}
