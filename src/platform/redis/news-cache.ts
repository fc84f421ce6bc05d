import { LRUCache } from 'lru-cache';
import { delay } from '../values/index.js';
import type { Bus } from './bus.js';

/** What a piece of news makes stale. */
export type Stale = 'all' | { readonly key: string } | { readonly prefix: string };

export interface NewsCacheOptions<V> {
  /** The channel of the bus that tells of changes. */
  readonly channel: string;
  /** Most entries; the least used one goes. */
  readonly max: number;
  /** Longest life of an entry: bounds the harm of a connection that is dead without our knowing. */
  readonly ttlMs: number;
  readonly staleBy: (message: string) => Stale;
  /** Monotonic, in ms; the process's own unless a test has another. */
  readonly clock?: { now(): number };
  /** Values that say "there is nothing", kept apart with bounds of their own: whoever asks for made-up keys pushes out no other value. */
  readonly absent?: { readonly is: (value: V) => boolean; readonly max: number; readonly ttlMs: number };
}

export interface NewsHandlers {
  readonly onNews?: (message: string) => void;
  /** News may have been missed; those that arrive from now on are whole again. */
  readonly onGap?: () => void;
}

const PUBLISH_ATTEMPTS = 2;
/** What is asked for in the last part of its life is read again meanwhile. */
const LAST_PART = 0.2;

/**
 * A bounded cache, in this process, of rows that any node may change. It is
 * trusted only while news of changes arrive: while the bus is away, and until
 * its subscription is known to be back, every `get` reads anew.
 */
export class NewsCache<V extends object> {
  private readonly entries: LRUCache<string, V>;
  private readonly absences: LRUCache<string, V>;
  private readonly loading = new Map<string, Promise<V>>();
  /** Counts news: what was read before a piece of news is not kept after it. */
  private epoch = 0;
  private gaps = 0;
  private following = false;

  constructor(private readonly bus: Bus, private readonly options: NewsCacheOptions<V>) {
    // The library's own resolution of 1 ms is a real timer's, whatever the clock.
    const clock = options.clock === undefined ? {} : { perf: options.clock, ttlResolution: 0 };
    this.entries = new LRUCache({ max: options.max, ttl: options.ttlMs, ...clock });
    this.absences = new LRUCache({ max: options.absent?.max ?? 1, ttl: options.absent?.ttlMs ?? options.ttlMs, ...clock });
  }

  /** Starts to listen. Until then nothing is kept. */
  async follow(handlers: NewsHandlers = {}): Promise<void> {
    this.bus.onGap(() => void this.resume(handlers).catch(() => undefined));
    await this.bus.subscribe(this.options.channel, (message) => {
      this.forget(this.options.staleBy(message));
      handlers.onNews?.(message);
    });
    this.following = this.gaps === 0;
  }

  /**
   * The value kept under `key`, else what `load` reads. Loads of one key are shared. A value that is asked for shortly
   * before its end is read anew behind the asker's back: what is in use is never waited for.
   */
  async get(key: string, load: () => Promise<V>): Promise<V> {
    if (!this.trusted) return load();
    const kept = this.entries.get(key);
    if (kept !== undefined) {
      if (this.entries.getRemainingTTL(key) < this.options.ttlMs * LAST_PART && !this.loading.has(key)) this.load(key, load).catch(() => undefined);
      return kept;
    }
    return this.absences.get(key) ?? this.loading.get(key) ?? this.load(key, load);
  }

  /** Begins to read what will be asked for in a moment, so that several reads go side by side. Whoever asks hears of a failure. */
  foresee(key: string, load: () => Promise<V>): void {
    if (this.trusted) this.get(key, load).catch(() => undefined);
  }

  /**
   * Tells all nodes of a change that was committed; this one forgets at once.
   * @throws the driver's error when Redis is away: the other nodes may then serve what they keep until `ttlMs` is over.
   */
  async tell(message: string): Promise<void> {
    this.forget(this.options.staleBy(message));
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.bus.publish(this.options.channel, message);
        return;
      } catch (error) {
        if (attempt === PUBLISH_ATTEMPTS) throw error;
        await delay(100 + Math.random() * 100);
      }
    }
  }

  private get trusted(): boolean {
    return this.following && this.bus.live;
  }

  private load(key: string, load: () => Promise<V>): Promise<V> {
    const epoch = this.epoch;
    const loading = load()
      .then((value) => {
        if (epoch === this.epoch && this.trusted) this.keep(key, value);
        return value;
      })
      .finally(() => {
        if (this.loading.get(key) === loading) this.loading.delete(key);
      });
    this.loading.set(key, loading);
    return loading;
  }

  private keep(key: string, value: V): void {
    const [store, other] = this.options.absent?.is(value) ? [this.absences, this.entries] : [this.entries, this.absences];
    store.set(key, value);
    other.delete(key);
  }

  private forget(stale: Stale): void {
    this.epoch += 1;
    this.loading.clear();
    for (const store of [this.entries, this.absences]) {
      if (stale === 'all') store.clear();
      else if ('key' in stale) store.delete(stale.key);
      else for (const key of [...store.keys()]) if (key.startsWith(stale.prefix)) store.delete(key);
    }
  }

  /** The connection says that it is ready before its subscriptions are back; a subscription of our own is answered after them. */
  private async resume(handlers: NewsHandlers): Promise<void> {
    this.following = false;
    this.gaps += 1;
    const gap = this.gaps;
    this.forget('all');
    const stop = await this.bus.subscribe(this.options.channel, () => undefined);
    stop();
    if (gap !== this.gaps) return;
    this.forget('all');
    this.following = true;
    handlers.onGap?.();
  }
}
