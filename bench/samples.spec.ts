import { describe, expect, it } from 'vitest';
import { median, percentile, short, spread } from './samples.js';

describe('samples', () => {
  it('takes percentiles by nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    expect([percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1)]).toEqual([50, 99, 100]);
    expect(percentile([], 0.5)).toBeNaN();
  });

  it('takes the middle of even and odd lists', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2.5]);
  });

  it('prints what can be read', () => {
    expect([short(12_345.6), short(123.4), short(12.34), short(0.123), short(Number.NaN)]).toEqual(['12,346', '123', '12.3', '0.12', '–']);
    expect([spread([1]), spread([1, 3, 2])]).toEqual(['1.00', '2.00 (1.00–3.00)']);
  });
});
