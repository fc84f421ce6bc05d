import { describe, expect, it } from 'vitest';
import { PaceMeter } from './pace.js';

describe('PaceMeter', () => {
  it('tells the speed once it is known, and again only when it changes', () => {
    const meter = new PaceMeter();
    const hints = Array.from({ length: 50 }, (_, at) => meter.observe(2, at * 50)).filter((hint) => hint !== undefined);
    expect(hints.length).toBeLessThanOrEqual(2);
    expect(hints.at(-1)).toBeGreaterThan(30);
    expect(hints.at(-1)).toBeLessThan(70);
  });

  it('follows a model that grows slower', () => {
    const meter = new PaceMeter();
    for (let at = 0; at < 20; at += 1) meter.observe(10, at * 100);
    const hints = Array.from({ length: 40 }, (_, at) => meter.observe(1, 2_000 + at * 100)).filter((hint) => hint !== undefined);
    expect(hints.at(-1)).toBeLessThan(20);
  });

  it('says nothing of a single burst', () => {
    const meter = new PaceMeter();
    expect(meter.observe(500, 0)).toBeUndefined();
  });
});
