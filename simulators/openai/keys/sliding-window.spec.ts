import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SlidingWindow } from './sliding-window.js';

const SPAN_MS = 60_000;

describe('SlidingWindow', () => {
  it('counts a booking until just before its span is over', () => {
    const window = new SlidingWindow(SPAN_MS);
    window.book(1000, 7);
    expect([window.count(1000), window.tokens(60_999.999)]).toEqual([1, 7]);
    expect([window.count(61_000), window.tokens(61_000)]).toEqual([0, 0]);
  });

  it('says the same as a plain list, whatever comes, and its waits are the shortest true ones', () => {
    const steps = fc.array(fc.record({ gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9000 }), fc.constant(SPAN_MS)), tokens: fc.integer({ min: 0, max: 500 }) }), { maxLength: 120 });
    fc.assert(
      fc.property(steps, fc.nat(12), fc.nat(2000), (bookings, mostCount, mostTokens) => {
        const window = new SlidingWindow(SPAN_MS);
        const list: { readonly at: number; readonly tokens: number }[] = [];
        let now = 0;
        const inside = (at: number): typeof list => list.filter((one) => one.at > at - SPAN_MS);
        const sum = (at: number): number => inside(at).reduce((total, one) => total + one.tokens, 0);
        for (const { gapMs, tokens } of bookings) {
          now += gapMs;
          window.book(now, tokens);
          list.push({ at: now, tokens });
          expect([window.count(now), window.tokens(now)]).toEqual([inside(now).length, sum(now)]);
          const waits = [window.untilCount(now, mostCount), window.untilTokens(now, mostTokens)] as const;
          expect(inside(now + waits[0]).length).toBeLessThanOrEqual(mostCount);
          expect(sum(now + waits[1])).toBeLessThanOrEqual(mostTokens);
          if (waits[0] > 0) expect(inside(now + waits[0] - 1).length).toBeGreaterThan(mostCount);
          if (waits[1] > 0) expect(sum(now + waits[1] - 1)).toBeGreaterThan(mostTokens);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('waits for ever where nothing is allowed, and not at all where it fits', () => {
    const window = new SlidingWindow(SPAN_MS);
    expect([window.untilCount(0, -1), window.untilTokens(0, -1), window.untilCount(0, 0), window.untilTokens(0, 0)]).toEqual([Infinity, Infinity, 0, 0]);
  });

  it('costs less than 20 µs a request with 10,000 inside', () => {
    const window = new SlidingWindow(SPAN_MS);
    let now = 0;
    const step = (): void => {
      now += SPAN_MS / 10_000;
      window.untilCount(now, 9000);
      window.untilTokens(now, 90_000);
      window.book(now, 10);
    };
    for (let round = 0; round < 20_000; round += 1) step();
    const begun = performance.now();
    for (let round = 0; round < 20_000; round += 1) step();
    expect(window.count(now)).toBe(10_000);
    expect(((performance.now() - begun) * 1000) / 20_000).toBeLessThan(20);
  });

  it('forgets', () => {
    const window = new SlidingWindow(SPAN_MS);
    window.book(5, 5);
    window.forget();
    window.book(6, 2);
    expect([window.count(6), window.tokens(6)]).toEqual([1, 2]);
  });
});
