export interface CircuitOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Of at least `calls` calls of the last `windowMs`, this share of failures opens it, too. */
  readonly share: number;
  readonly calls: number;
  readonly windowMs: number;
  /** How long it stays open at first; doubles with every probe that fails, up to `longestMs`. */
  readonly openMs: number;
  readonly longestMs: number;
  /** A probe that has not told its end by then is lost, and another one may go. */
  readonly probeMs: number;
}

/** How a call may go: not at all, as any other, or as the one that tries whether it works again. */
export type Passage = 'refused' | 'free' | 'probe';

/** How a call ended. `abandoned`: nobody waited for its end, so that it says nothing. */
export type CallEnd = 'worked' | 'failed' | 'abandoned';

/**
 * A circuit breaker, as a pure state machine: closed while calls work, open after many failures, and after a while
 * half open, for one probe at a time. Times are milliseconds of whatever clock the caller has.
 */
export class Circuit {
  private inRow = 0;
  private windowFrom = 0;
  private calls = 0;
  private failed = 0;
  private openUntil: number | undefined;
  private openMs: number;
  private probeUntil = 0;

  constructor(private readonly options: CircuitOptions) {
    this.openMs = options.openMs;
  }

  /** Asks for a call. Whoever is not refused tells its end. */
  enter(now: number): Passage {
    if (this.openUntil === undefined) return 'free';
    if (now < this.openUntil || now < this.probeUntil) return 'refused';
    this.probeUntil = now + this.options.probeMs;
    return 'probe';
  }

  /** @param passage what `enter` said of this call */
  leave(passage: Exclude<Passage, 'refused'>, end: CallEnd, now: number): void {
    if (passage === 'probe') this.endProbe(end, now);
    // What set out before it opened says nothing about now.
    else if (this.openUntil === undefined && end !== 'abandoned') this.count(end, now);
  }

  private count(end: 'worked' | 'failed', now: number): void {
    if (now - this.windowFrom >= this.options.windowMs) this.restart(now);
    this.calls += 1;
    this.inRow = end === 'worked' ? 0 : this.inRow + 1;
    if (end === 'failed') this.failed += 1;
    const isMany = this.calls >= this.options.calls && this.failed / this.calls >= this.options.share;
    if (this.inRow >= this.options.failures || isMany) this.open(now);
  }

  private endProbe(end: CallEnd, now: number): void {
    this.probeUntil = 0;
    if (this.openUntil === undefined || end === 'abandoned') return;
    if (end === 'failed') {
      this.openMs = Math.min(this.options.longestMs, this.openMs * 2);
      this.open(now);
      return;
    }
    this.openUntil = undefined;
    this.openMs = this.options.openMs;
    this.inRow = 0;
    this.restart(now);
  }

  private open(now: number): void {
    this.openUntil = now + this.openMs;
  }

  private restart(now: number): void {
    this.windowFrom = now;
    this.calls = 0;
    this.failed = 0;
  }
}
