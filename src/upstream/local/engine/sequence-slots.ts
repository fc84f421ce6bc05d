import { UpstreamFailure } from '../../stream/failure.js';

/** When someone who was refused may ask again. */
const BUSY_RETRY_MS = 1_000;

interface Waiting {
  readonly give: () => void;
  readonly refuse: (error: unknown) => void;
}

/** The places of a model for answers at once, and a bounded queue behind them, first come first served. */
export class SequenceSlots {
  private taken = 0;
  private readonly waiting: Waiting[] = [];

  constructor(private readonly slots: number, private readonly longestQueue: number, private readonly patienceMs: number) {}

  get queued(): number {
    return this.waiting.length;
  }

  get inUse(): number {
    return this.taken;
  }

  /**
   * Takes a place, waiting for one in turn. Gives the function that gives it back, to be called once.
   * @throws UpstreamFailure `rate_limited` when the queue is full, or the wait was longer than the patience; the signal's reason.
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.taken < this.slots) this.taken += 1;
    else if (this.waiting.length >= this.longestQueue) throw busy();
    else await this.wait(signal);
    return () => {
      const next = this.waiting.shift();
      // A place that is handed on stays taken.
      if (next === undefined) this.taken -= 1;
      else next.give();
    };
  }

  /** Sends everybody home who waits. */
  refuseWaiting(error: unknown): void {
    for (const each of this.waiting.splice(0)) each.refuse(error);
  }

  private wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const me: Waiting = {
        give: () => {
          settle();
          resolve();
        },
        refuse: (error) => {
          settle();
          reject(error instanceof Error ? error : new Error('aborted', { cause: error }));
        },
      };
      const leave = (error: unknown): void => {
        this.waiting.splice(this.waiting.indexOf(me), 1);
        me.refuse(error);
      };
      const onAbort = (): void => leave(signal.reason);
      const timer = setTimeout(() => leave(busy()), this.patienceMs);
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.push(me);
    });
  }
}

function busy(): UpstreamFailure {
  return new UpstreamFailure('rate_limited', undefined, BUSY_RETRY_MS);
}
