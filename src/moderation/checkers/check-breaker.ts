export interface CheckBreakerOptions {
  /** So many failures in a row open it. */
  readonly failures: number;
  /** How long it stays open, milliseconds; doubles with each trial that fails, up to `longestMs`. */
  readonly openMs: number;
  readonly longestMs: number;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
}

/** Keeps calls away from an endpoint that keeps failing: nobody waits for a deadline in vain. After a while one call tries it, alone. */
export class CheckBreaker {
  private failed = 0;
  private openUntil = 0;
  private pauseMs: number;
  private trying = false;

  constructor(private readonly options: CheckBreakerOptions) {
    this.pauseMs = options.openMs;
  }

  /** Whether a call may go; whoever gets a yes must say how it ended. */
  admits(): boolean {
    if (this.failed < this.options.failures) return true;
    if (this.trying || this.options.clock() < this.openUntil) return false;
    this.trying = true;
    return true;
  }

  succeeded(): void {
    this.failed = 0;
    this.trying = false;
    this.pauseMs = this.options.openMs;
  }

  failedOnce(): void {
    this.failed += 1;
    if (this.failed < this.options.failures) return;
    if (this.trying) this.pauseMs = Math.min(this.options.longestMs, this.pauseMs * 2);
    this.openUntil = this.options.clock() + this.pauseMs;
    this.trying = false;
  }

  /** The call ended without telling anything of the endpoint: its callers left. */
  abandoned(): void {
    this.trying = false;
  }
}
