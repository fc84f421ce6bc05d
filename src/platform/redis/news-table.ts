import { delay } from '../values/index.js';
import type { Bus } from './bus.js';

export interface NewsTableOptions {
  /** The channels of the bus that tell of changes; `tell` publishes on the first. */
  readonly channels: readonly [string, ...string[]];
  /** How often it is read again without any news: bounds the harm of news that were lost without our knowing. */
  readonly everyMs: number;
  /** Reads all of it anew and puts it in place. Never runs twice at once. */
  readonly load: () => Promise<void>;
  readonly onFault: (error: unknown) => void;
}

const RETRY_MS = 1_000;
const PUBLISH_ATTEMPTS = 2;

/**
 * Small tables that any node may change, held whole in the memory of every process, for callers that can't wait.
 * Read before the process serves anybody, and again on news, after a gap in the news, and every now and then; what was
 * read last stays in place while PostgreSQL is away.
 */
export class NewsTable {
  private running: Promise<void> | undefined;
  private waiting: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;

  constructor(private readonly bus: Bus, private readonly options: NewsTableOptions) {}

  /** Starts to listen, then reads for the first time. @throws what `load` throws. */
  async follow(): Promise<void> {
    this.bus.onGap(() => void this.resume().catch(this.options.onFault));
    for (const channel of this.options.channels) await this.bus.subscribe(channel, () => this.refreshSoon());
    await this.refresh();
    this.timer = setInterval(() => this.refreshSoon(), this.options.everyMs);
    this.timer.unref();
  }

  /** Resolves when what was committed before this call is in place. @throws what `load` throws. */
  refresh(): Promise<void> {
    if (this.waiting !== undefined) return this.waiting;
    if (this.running === undefined) return this.run();
    // The one under way may have read before the change: another one follows it, for all who ask meanwhile.
    this.waiting = this.running.catch(() => undefined).then(() => {
      this.waiting = undefined;
      return this.run();
    });
    return this.waiting;
  }

  /** After a change that was committed: this node has it when this resolves, the others within moments. Never rejects: a change that could not be told is found by reading again. */
  async tell(message: string): Promise<void> {
    await Promise.all([this.refresh().catch((error: unknown) => this.failed(error)), this.publish(message)]);
  }

  stop(): void {
    clearInterval(this.timer);
    clearTimeout(this.retry);
  }

  private run(): Promise<void> {
    const running = this.options.load().finally(() => {
      if (this.running === running) this.running = undefined;
    });
    this.running = running;
    return running;
  }

  private refreshSoon(): void {
    this.refresh().catch((error: unknown) => this.failed(error));
  }

  private failed(error: unknown): void {
    this.options.onFault(error);
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.refreshSoon(), RETRY_MS);
    this.retry.unref();
  }

  /** The connection says that it is ready before its subscriptions are back; a subscription of our own is answered after them. */
  private async resume(): Promise<void> {
    const stop = await this.bus.subscribe(this.options.channels[0], () => undefined);
    stop();
    this.refreshSoon();
  }

  private async publish(message: string): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.bus.publish(this.options.channels[0], message);
        return;
      } catch (error) {
        if (attempt === PUBLISH_ATTEMPTS) {
          this.options.onFault(error);
          return;
        }
        await delay(100 + Math.random() * 100);
      }
    }
  }
}
