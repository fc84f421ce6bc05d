import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Rounds } from './rounds.js';

beforeEach(() => { vi.useFakeTimers(); });
afterEach(() => { vi.useRealTimers(); });

describe('Rounds', () => {
  it('makes one round at a time, and goes on after one that failed', async () => {
    const faults: string[] = [];
    const ends: (() => void)[] = [];
    let begun = 0;
    const work = (): Promise<void> => {
      begun += 1;
      return begun === 1 ? Promise.reject(new Error('x')) : new Promise((resolve) => { ends.push(resolve); });
    };
    const rounds = new Rounds({ everyMs: 100, firstMs: 10, work, logger: { warn: ((_: unknown, text: string) => { faults.push(text); }) as never }, fault: 'it failed' });
    rounds.begin();
    await vi.advanceTimersByTimeAsync(10);
    expect([begun, faults]).toEqual([1, ['it failed']]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(begun).toBe(2);
    ends[0]?.();
    await vi.advanceTimersByTimeAsync(100);
    expect(begun).toBe(3);
    ends[1]?.();
    await rounds.end();
  });

  it('tells the round under way of the end, waits for it, and makes no other', async () => {
    let [begun, ended] = [0, false];
    const work = (): Promise<void> => {
      begun += 1;
      return new Promise((resolve) => { rounds.stopping.addEventListener('abort', () => setTimeout(() => { ended = true; resolve(); }, 50)); });
    };
    const rounds: Rounds = new Rounds({ everyMs: 100, work, logger: { warn: () => undefined }, fault: '' });
    rounds.begin();
    await vi.advanceTimersByTimeAsync(100);
    const end = rounds.end();
    await vi.advanceTimersByTimeAsync(500);
    await end;
    expect([begun, ended]).toEqual([1, true]);
  });

  it('makes a round at once when it is asked to, one more where one is under way, and none after the end', async () => {
    const ends: (() => void)[] = [];
    const rounds = new Rounds({ everyMs: 60_000, work: () => new Promise((resolve) => { ends.push(resolve); }), logger: { warn: () => undefined }, fault: '' });
    rounds.soon();
    for (let asked = 0; asked < 3; asked += 1) rounds.soon();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await vi.advanceTimersByTimeAsync(1);
    expect(ends).toHaveLength(2);
    rounds.soon();
    const end = rounds.end();
    ends[1]?.();
    await end;
    rounds.soon();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(ends).toHaveLength(2);
  });
});
