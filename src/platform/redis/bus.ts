import type { Redis } from 'ioredis';
import { newId } from '../values/index.js';

export type BusHandler = (message: string) => void;

/**
 * News between nodes: at most once, lost while the connection is away. Whoever
 * relies on news for correctness reads again in `onGap`, which is called after
 * every reconnection.
 */
export class Bus {
  private readonly handlers = new Map<string, Set<BusHandler>>();
  private readonly gapHandlers = new Set<() => void>();
  private readonly letters = new Map<string, Set<BusHandler>>();

  /** This node's own channel: what is published here reaches this process alone, as `<key>\n<message>`. */
  readonly home = `node:${newId()}`;

  constructor(private readonly subscriber: Redis, private readonly commands: Redis) {
    subscriber.on('message', (channel: string, message: string) => {
      for (const handler of this.handlers.get(channel) ?? []) handler(message);
    });
    let connected = true;
    subscriber.on('close', () => {
      connected = false;
    });
    subscriber.on('ready', () => {
      if (connected) return;
      connected = true;
      for (const handler of this.gapHandlers) handler();
    });
  }

  /** Whether news arrive now. */
  get live(): boolean {
    return this.subscriber.status === 'ready';
  }

  /** Resolves when news of the channel arrive from now on. The answer ends the subscription. */
  async subscribe(channel: string, handler: BusHandler): Promise<() => void> {
    const existing = this.handlers.get(channel);
    if (existing) existing.add(handler);
    else this.handlers.set(channel, new Set([handler]));
    try {
      await this.subscriber.subscribe(channel);
    } catch (error) {
      this.remove(channel, handler);
      throw error;
    }
    return () => this.remove(channel, handler);
  }

  /** Opens this node's own channel, once, at start. One subscription serves all keys. */
  async openHome(): Promise<void> {
    await this.subscribe(this.home, (letter) => {
      const cut = letter.indexOf('\n');
      for (const handler of this.letters.get(letter.slice(0, cut)) ?? []) handler(letter.slice(cut + 1));
    });
  }

  /** Hears what comes to this node's own channel under a key. The answer ends it. */
  hear(key: string, handler: BusHandler): () => void {
    const handlers = this.letters.get(key) ?? new Set();
    this.letters.set(key, handlers.add(handler));
    return () => {
      if (handlers.delete(handler) && handlers.size === 0) this.letters.delete(key);
    };
  }

  async publish(channel: string, message: string): Promise<void> {
    await this.commands.publish(channel, message);
  }

  onGap(handler: () => void): () => void {
    this.gapHandlers.add(handler);
    return () => this.gapHandlers.delete(handler);
  }

  private remove(channel: string, handler: BusHandler): void {
    const handlers = this.handlers.get(channel);
    if (!handlers?.delete(handler) || handlers.size > 0) return;
    this.handlers.delete(channel);
    this.subscriber.unsubscribe(channel).catch(() => undefined);
  }
}
