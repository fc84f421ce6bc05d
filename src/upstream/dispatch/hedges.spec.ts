import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Channel } from '../channels/channel.js';
import { FirstTokens } from './first-tokens.js';
import { Hedges, rivalsOf } from './hedges.js';

const channel = (more: Partial<Channel> = {}): Channel => ({
  id: 'a', tenantId: undefined, name: 'a', kind: 'openai', baseUrl: 'https://a/v1', apiKey: 'k', proxyUrl: undefined, region: undefined, tags: [], models: [], limits: {}, priority: 1, weight: 1, state: 'active', ...more,
});

describe('FirstTokens', () => {
  it('knows nothing before twenty answers', () => {
    const times = new FirstTokens();
    for (let n = 0; n < 19; n += 1) times.note(100, 0);
    expect(times.p95(0)).toBeUndefined();
    times.note(100, 0);
    expect(times.p95(0)).toBe(100);
  });

  it('tells the time that 95 of 100 keep, of the newest 128', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 20, maxLength: 400 }), (took) => {
      const times = new FirstTokens();
      took.forEach((ms) => times.note(ms, 0));
      const newest = took.slice(-128);
      const p95 = times.p95(0) ?? NaN;
      expect(newest.filter((ms) => ms <= p95).length / newest.length).toBeGreaterThanOrEqual(0.95);
      expect(newest.filter((ms) => ms < p95).length / newest.length).toBeLessThan(0.95);
    }));
  });

  it('forgets what is old', () => {
    const times = new FirstTokens();
    for (let n = 0; n < 30; n += 1) times.note(100, 0);
    for (let n = 0; n < 19; n += 1) times.note(900, 500_000);
    expect(times.p95(500_000)).toBe(900);
    expect(times.p95(601_000)).toBeUndefined();
  });
});

describe('Hedges', () => {
  it('never gives more than its share of a channel\'s calls, whatever comes when', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.constantFrom('call', 'late', 'unused'), { maxLength: 400 }), (hedgePercent, events) => {
      const hedges = new Hedges(() => 0);
      const late = channel({ hedgePercent });
      let calls = 0;
      let begun = 0;
      for (const event of events) {
        if (event === 'call') {
          calls += 1;
          hedges.called(late);
        } else if (hedges.begin(late)) {
          if (event === 'late') begun += 1;
          hedges.end(late, event === 'unused');
        }
      }
      expect(begun).toBeLessThanOrEqual((calls * hedgePercent) / 100 + 1e-6);
    }));
  });

  it('gives all of its share, and saves up a little of it', () => {
    const hedges = new Hedges(() => 0);
    const late = channel({ hedgePercent: 5 });
    let begun = 0;
    for (let n = 0; n < 1_000; n += 1) {
      hedges.called(late);
      if (hedges.begin(late)) {
        begun += 1;
        hedges.end(late);
      }
    }
    expect(begun).toBe(50);
    for (let n = 0; n < 1_000; n += 1) hedges.called(late);
    let saved = 0;
    for (; hedges.begin(late); saved += 1) hedges.end(late);
    expect(saved).toBe(3);
  });

  it('has a bound on what is under way, over all channels', () => {
    const hedges = new Hedges(() => 0);
    let underWay = 0;
    for (let n = 0; n < 30; n += 1) {
      const late = channel({ id: `c${n}`, hedgePercent: 50 });
      hedges.called(late);
      hedges.called(late);
      if (hedges.begin(late)) underWay += 1;
    }
    expect(underWay).toBe(16);
  });

  it('is off where the channel does not say otherwise', () => {
    const hedges = new Hedges(() => 0);
    for (let n = 0; n < 50; n += 1) {
      hedges.called(channel());
      hedges.spoke(channel(), 'm', 100);
    }
    expect([hedges.lateAfter(channel(), 'm'), hedges.begin(channel())]).toEqual([undefined, false]);
    expect([hedges.lateAfter(channel({ hedgePercent: 1 }), 'm'), hedges.lateAfter(channel({ hedgePercent: 1 }), 'other')]).toEqual([100, undefined]);
  });
});

describe('rivalsOf', () => {
  it('never goes to the same channel, nor to the same key under another name', () => {
    const others = [channel(), channel({ id: 'twin' }), channel({ id: 'other key', apiKey: 'k2' }), channel({ id: 'other server', baseUrl: 'https://b/v1' })];
    expect(rivalsOf(channel(), others).map(({ id }) => id)).toEqual(['other key', 'other server']);
  });
});
