import { beforeEach, describe, expect, it } from 'vitest';
import type { Bus, BusHandler } from './bus.js';
import { NewsCache } from './news-cache.js';

/** A bus whose connection the test controls. */
class ScriptedBus {
  live = true;
  refusals = 0;
  readonly told: string[] = [];
  subscribing: Promise<void> = Promise.resolve();
  private readonly handlers = new Set<BusHandler>();
  private readonly gaps = new Set<() => void>();

  async subscribe(_: string, handler: BusHandler): Promise<() => void> {
    this.handlers.add(handler);
    await this.subscribing;
    return () => this.handlers.delete(handler);
  }

  async publish(_: string, message: string): Promise<void> {
    if (this.refusals-- > 0) throw new Error('Connection is closed.');
    this.told.push(message);
    this.hear(message);
  }

  onGap(handler: () => void): () => void {
    this.gaps.add(handler);
    return () => this.gaps.delete(handler);
  }

  hear(message: string): void {
    for (const handler of [...this.handlers]) handler(message);
  }

  reconnect(): void {
    this.live = true;
    for (const handler of this.gaps) handler();
  }
}

const TTL_MS = 60_000;

interface Row {
  readonly version: number;
}

let bus: ScriptedBus;
let cache: NewsCache<Row>;
let loads: number;
let nowMs = 1;

function pass(ms: number): void {
  nowMs += ms;
}

/** Reads the row's present version. */
async function load(): Promise<Row> {
  loads += 1;
  return { version: loads };
}

beforeEach(async () => {
  bus = new ScriptedBus();
  loads = 0;
  cache = new NewsCache<Row>(bus as unknown as Bus, {
    channel: 'rows',
    max: 10,
    ttlMs: TTL_MS,
    clock: { now: () => nowMs },
    staleBy: (message) => (message === '*' ? 'all' : message.endsWith(':') ? { prefix: message } : { key: message }),
  });
  await cache.follow();
});

describe('NewsCache', () => {
  it('reads once, and again after news of the key, of its prefix, of all', async () => {
    expect((await cache.get('a:1', load)).version).toBe(1);
    expect((await cache.get('a:1', load)).version).toBe(1);
    for (const news of ['a:1', 'a:', '*']) {
      bus.hear(news);
      const before = loads;
      expect((await cache.get('a:1', load)).version).toBe(before + 1);
    }
    bus.hear('b:1');
    bus.hear('b:');
    await cache.get('a:1', load);
    expect(loads).toBe(4);
  });

  it('shares a read among those who ask at once', async () => {
    const rows = await Promise.all([cache.get('a', load), cache.get('a', load), cache.get('a', load)]);
    expect(rows.map((row) => row.version)).toEqual([1, 1, 1]);
  });

  it('does not keep, nor give to later ones, what was read before the news came', async () => {
    const gate = Promise.withResolvers<Row>();
    const early = cache.get('a', () => gate.promise);
    bus.hear('a');
    const late = cache.get('a', load);
    gate.resolve({ version: 0 });
    expect((await early).version).toBe(0);
    expect((await late).version).toBe(1);
    bus.hear('b');
    expect((await cache.get('a', load)).version).toBeGreaterThan(0);
  });

  it('reads every time while the bus is away, and until the subscription is known to be back', async () => {
    await cache.get('a', load);
    bus.live = false;
    await cache.get('a', load);
    await cache.get('a', load);
    expect(loads).toBe(3);
    const subscribed = Promise.withResolvers<undefined>();
    bus.subscribing = subscribed.promise;
    bus.reconnect();
    await cache.get('a', load);
    await cache.get('a', load);
    expect(loads).toBe(5);
    subscribed.resolve(undefined);
    await new Promise((resolve) => setImmediate(resolve));
    await cache.get('a', load);
    await cache.get('a', load);
    expect(loads).toBe(6);
  });

  it('keeps nothing of a read that failed', async () => {
    await expect(cache.get('a', () => Promise.reject(new Error('database is away')))).rejects.toThrow('away');
    expect((await cache.get('a', load)).version).toBe(1);
  });

  it('forgets at once what it tells itself, also when telling the others fails', async () => {
    await cache.get('a', load);
    bus.refusals = 1;
    await cache.tell('a');
    expect(bus.told).toEqual(['a']);
    bus.refusals = 2;
    await cache.get('a', load);
    await expect(cache.tell('a')).rejects.toThrow('closed');
    await cache.get('a', load);
    expect(loads).toBe(3);
  });

  it('tells its owner of a gap once news are whole again', async () => {
    const heard: string[] = [];
    const other = new NewsCache<Row>(bus as unknown as Bus, { channel: 'rows', max: 1, ttlMs: 1_000, staleBy: () => 'all' });
    await other.follow({ onNews: (message) => heard.push(message), onGap: () => heard.push('gap') });
    bus.hear('x');
    bus.reconnect();
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['x', 'gap']);
  });

  it('reads what is in use again before its end, behind the back of those who ask, and lets what nobody asks for go', async () => {
    await cache.get('a', load);
    pass(TTL_MS * 0.75);
    expect((await cache.get('a', load)).version).toBe(1);
    expect(loads).toBe(1);
    pass(TTL_MS * 0.1);
    const [first, second] = await Promise.all([cache.get('a', load), cache.get('a', load)]);
    expect([first.version, second.version]).toEqual([1, 1]);
    expect(loads).toBe(2);
    pass(TTL_MS * 0.5);
    expect([(await cache.get('a', load)).version, loads]).toEqual([2, 2]);
    pass(TTL_MS + 1);
    expect([(await cache.get('a', load)).version, loads]).toEqual([3, 3]);
  });

  it('serves the kept value to its end when it can not be read again, and reads it for whoever comes after', async () => {
    await cache.get('a', load);
    pass(TTL_MS * 0.9);
    expect((await cache.get('a', () => Promise.reject(new Error('away')))).version).toBe(1);
    pass(TTL_MS * 0.2);
    await expect(cache.get('a', () => Promise.reject(new Error('away')))).rejects.toThrow('away');
  });

  it('takes for gone what is gone when it is read again', async () => {
    const other = new NewsCache<Row>(bus as unknown as Bus, { channel: 'rows', max: 2, ttlMs: TTL_MS, staleBy: () => 'all', clock: { now: () => nowMs }, absent: { is: ({ version }) => version < 0, max: 3, ttlMs: TTL_MS } });
    await other.follow();
    await other.get('a', load);
    pass(TTL_MS * 0.9);
    await other.get('a', () => Promise.resolve({ version: -1 }));
    expect((await other.get('a', load)).version).toBe(-1);
  });

  it('keeps absences apart: made-up keys push no value out, live shorter, and go with the news', async () => {
    const absent = async (): Promise<Row> => ({ version: -(loads += 1) });
    const other = new NewsCache<Row>(bus as unknown as Bus, { channel: 'rows', max: 2, ttlMs: 60_000, staleBy: () => 'all', clock: { now: () => nowMs }, absent: { is: ({ version }) => version < 0, max: 3, ttlMs: 400 } });
    await other.follow();
    await other.get('real', load);
    for (const key of ['x', 'y', 'z', 'x', 'y', 'z']) await other.get(key, absent);
    await other.get('real', load);
    expect(loads).toBe(4);
    pass(450);
    await other.get('x', absent);
    await other.get('real', load);
    expect(loads).toBe(5);
    bus.hear('new');
    expect((await other.get('x', load)).version).toBe(6);
  });
});
