import type { Redis } from 'ioredis';

export type BusHandler = (message: string) => void;

/**
 * News between nodes: at most once, lost while the connection is away. Whoever
 * relies on news for correctness reads again in `onGap`, which is called after
 * every reconnection.
 */
export class Bus {
  private readonly handlers = new Map<string, Set<BusHandler>>();
  private readonly gapHandlers = new Set<() => void>();

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
