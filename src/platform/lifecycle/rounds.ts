import { errorFields, type Logger } from '../telemetry/index.js';

export interface RoundsOptions {
  readonly everyMs: number;
  /** Until the first round; a whole pause unless told. */
  readonly firstMs?: number;
  /** One round; `stopping` of the rounds says when the process goes. */
  readonly work: () => Promise<void>;
  readonly logger: Pick<Logger, 'warn'>;
  /** What the log says of a round that failed. The next one comes all the same. */
  readonly fault: string;
}

/** Work that comes round: one round at a time, none after the end, and the end waits for the one under way. */
export class Rounds {
  private readonly ending = new AbortController();
  private timer: NodeJS.Timeout | undefined;
  private first: NodeJS.Timeout | undefined;
  private round: Promise<void> | undefined;
  private again = false;

  constructor(private readonly options: RoundsOptions) {}

  /** Aborted when the rounds end: the one under way is to come to its end. */
  get stopping(): AbortSignal {
    return this.ending.signal;
  }

  begin(): void {
    const { everyMs, firstMs } = this.options;
    if (firstMs !== undefined) this.first = setTimeout(() => this.go(), firstMs).unref();
    this.timer = setInterval(() => this.go(), everyMs).unref();
  }

  /** A round as soon as may be: at once, or after the one under way, which may have looked too early. None after the end. */
  soon(): void {
    if (this.stopping.aborted) return;
    if (this.round !== undefined) this.again = true;
    else this.go();
  }

  async end(): Promise<void> {
    clearTimeout(this.first);
    clearInterval(this.timer);
    this.ending.abort();
    await this.round;
  }

  private go(): void {
    const { work, logger, fault } = this.options;
    if (this.round !== undefined) return;
    this.again = false;
    this.round = work()
      .catch((error: unknown) => logger.warn(errorFields(error), fault))
      .finally(() => {
        this.round = undefined;
        if (this.again) this.soon();
      });
  }
}
