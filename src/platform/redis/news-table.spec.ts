import { beforeEach, describe, expect, it } from 'vitest';
import type { Bus, BusHandler } from './bus.js';
import { NewsTable } from './news-table.js';

const handlers = new Map<string, BusHandler>();
let gap: () => void;
let refusals: number;
let published: string[];
const bus = {
  subscribe: async (channel: string, handler: BusHandler) => {
    if (!handlers.has(channel)) handlers.set(channel, handler);
    return () => undefined;
  },
  publish: async (_: string, message: string) => {
    if (refusals-- > 0) throw new Error('Connection is closed.');
    published.push(message);
  },
  onGap: (handler: () => void) => {
    gap = handler;
    return () => undefined;
  },
} as unknown as Bus;

let stored: number;
let held: number | undefined;
let loads: number;
let release: (() => void) | undefined;
let slow: boolean;
let broken: boolean;
let faults: unknown[];
let table: NewsTable;

beforeEach(() => {
  handlers.clear();
  [refusals, published, stored, held, loads, slow, broken, faults] = [0, [], 1, undefined, 0, false, false, []];
  table = new NewsTable(bus, {
    channels: ['rows.changed', 'owners.changed'],
    everyMs: 60_000,
    load: async () => {
      loads += 1;
      if (broken) throw new Error('away');
      const read = stored;
      if (slow) await new Promise<void>((resolve) => { release = resolve; });
      held = read;
    },
    onFault: (error) => faults.push(error),
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('NewsTable', () => {
  it('has read when it follows, and says so when it could not', async () => {
    await table.follow();
    expect(held).toBe(1);
    broken = true;
    await expect(table.refresh()).rejects.toThrow('away');
    expect(held).toBe(1);
    table.stop();
  });

  it('reads again on news of any of its channels, and after a gap', async () => {
    await table.follow();
    for (const wake of [() => handlers.get('rows.changed')?.('x'), () => handlers.get('owners.changed')?.('x'), () => gap()]) {
      stored += 1;
      wake();
      await turn();
      expect(held).toBe(stored);
    }
    table.stop();
  });

  it('does not take a reading for fresh that began before the change', async () => {
    await table.follow();
    slow = true;
    handlers.get('rows.changed')?.('x');
    stored = 7;
    const told = [table.tell('row'), table.refresh(), table.refresh()];
    release?.();
    await turn();
    expect(held).toBe(1);
    release?.();
    await Promise.all(told);
    expect([held, loads, published]).toEqual([7, 3, ['row']]);
    table.stop();
  });

  it('tells what it can, and never rejects', async () => {
    await table.follow();
    refusals = 1;
    await table.tell('once more');
    refusals = 9;
    broken = true;
    await table.tell('lost');
    expect([published, faults.length]).toEqual([['once more'], 2]);
    table.stop();
  });
});
